"""Cache covariance verdicts and first uses by blob digest."""

from dataclasses import dataclass
from datetime import datetime

from functions.evaluation.input_note import InputNote, covariance_note_id, returns_note_id
from functions.evaluation.ports import InputNotes
from functions.measures.covariance.form import CovarianceForm, Verdict
from risk_hub_contracts.base.limits import INLINE_COV_THRESHOLD_DEFAULT_ENTRIES
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.snapshot.parse import Component, Snapshot


@dataclass(frozen=True, slots=True)
class VerdictCache:
    """Notes on the blobs of one snapshot's world. An inline component is small and judged each time."""

    notes: InputNotes
    snapshot: Snapshot
    retain_until: datetime

    def get_verdict(self, component: Component, form: CovarianceForm) -> tuple[Verdict, str | None]:
        """Return the verdict, computed or cached, and the first `as_of` that used the bytes by reference.

        Raises:
            DependencyUnavailableError: the store did not answer.
        """
        if component.ref is None:
            return form.verdict(), None
        key = covariance_note_id(component.sha256)
        note = self.notes.get(self.snapshot.world_id, key)
        if note is None:
            verdict = form.verdict()
            note = self._put_note(key, InputNote(self._as_of, verdict.reason, verdict.margin))
        return Verdict(note.reason, note.margin), note.first_as_of

    def first_use(self, component: Component) -> str | None:
        """Return the first `as_of` that used the bytes of a component; None for a small inline component.

        Raises:
            DependencyUnavailableError: the store did not answer.
        """
        if component.ref is None and component.entries <= INLINE_COV_THRESHOLD_DEFAULT_ENTRIES:
            return None
        key = returns_note_id(component.sha256)
        note = self.notes.get(self.snapshot.world_id, key)
        return (note or self._put_note(key, InputNote(self._as_of))).first_as_of

    @property
    def _as_of(self) -> str:
        return format_instant(self.snapshot.as_of)

    def _put_note(self, key: str, note: InputNote) -> InputNote:
        return self.notes.put_once(self.snapshot.world_id, key, note, self.retain_until)

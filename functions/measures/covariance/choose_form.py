"""Choice of a covariance form by a blob's layout and number of ids. numpy is loaded here, only if needed."""

from functions.measures.covariance.exact_forms import ExactFactor, ExactPacked
from functions.measures.covariance.form import CovarianceForm
from functions.measures.exact import EXACT_MAX_ASSETS
from risk_hub_contracts.blob.types import Covariance


def choose_form(covariance: Covariance) -> CovarianceForm:
    """Return the covariance in the form that suits its layout and size."""
    if len(covariance.ids) <= EXACT_MAX_ASSETS:
        return ExactPacked(covariance) if covariance.layout == "upper" else ExactFactor(covariance)
    from functions.measures.covariance.array_forms import ArrayFactor, ArrayPacked  # noqa: PLC0415 - numpy, see above

    return ArrayPacked(covariance) if covariance.layout == "upper" else ArrayFactor(covariance)

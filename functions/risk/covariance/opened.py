"""Choice of a covariance form by a blob's layout and number of ids. numpy is loaded here, only if needed."""

from functions.risk.covariance.exact_forms import ExactFactor, ExactPacked
from functions.risk.covariance.form import CovarianceForm
from functions.risk.exact import EXACT_MAX_ASSETS
from risk_hub_contracts.blob import Covariance


def opened(covariance: Covariance) -> CovarianceForm:
    """Return the covariance in the form that suits its layout and size."""
    if len(covariance.ids) <= EXACT_MAX_ASSETS:
        return ExactPacked(covariance) if covariance.layout == "upper" else ExactFactor(covariance)
    from functions.risk.covariance.array_forms import ArrayFactor, ArrayPacked  # noqa: PLC0415 - numpy, see above

    return ArrayPacked(covariance) if covariance.layout == "upper" else ArrayFactor(covariance)

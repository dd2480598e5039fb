"""Thresholds of the warnings. Returns and deviations are fractions of value per period."""

from math import sqrt

from risk_hub_contracts.base.limits import LIMITED_LOSS_RETURN_RATIO

DAY_SECONDS = 86_400.0

SCALE_RATIO_MAX = 3.0
"""Greatest ratio, or inverse ratio, of the deviation by the covariance to that of the returns.

Volatility doubles between a calm and a turbulent year, so a ratio of 2 is a regime, not an error of units.
"""
SCALE_RATIO_MEANINGLESS = 10.0
"""Beyond this ratio the two inputs cannot describe the same returns: a crisis reaches 5, a year of days 15.9."""
SCALE_MIN_OBSERVATIONS = 20
"""Least number of returns that measure a deviation."""
SCALE_ASSET_MIN_SHARE = 0.01
"""Least share of the summed position deviations with which one asset's own mismatch is a warning."""
SCALE_FACTORS = (
    (sqrt(12), 1.2, "the covariance is annualised from monthly returns"),
    (sqrt(52), 1.3, "the covariance is annualised from weekly returns"),
    (sqrt(252), 1.5, "the covariance is annualised and the returns are daily"),
    (100.0, 1.5, "the covariance is in percent squared and the returns are fractions"),
    (100 * sqrt(252), 1.5, "the covariance is annualised and in percent squared"),
    (1e4, 1.5, "the covariance is in basis points squared and the returns are fractions"),
)
"""Known errors of units: the ratio that each causes, its tolerance as a factor, and its description."""
UNIT_VARIANCE_TOLERANCE = 1e-9
"""Variances this close to 1 for at least two assets are the diagonal of a correlation matrix."""

PERIODS_RATIO_MAX = 1.5
"""Periods per year of covariance and returns may differ by this factor: 252 trading and 365 calendar days."""

SERIES_MIN_OBSERVATIONS = 10
"""Least number of values of a series that is checked for prices, percent and constant values."""
PRICE_MEDIAN_MIN = 0.2
"""A series without a loss and with a median above this (20 % per period) holds prices or gross returns."""
GAINS_MEDIAN_MIN_PER_YEAR = 1.0
"""Median gain per year (100 %) of a series without a loss that holds yields or rates, not returns."""
GAINS_MIN_OBSERVATIONS = 60
"""Least number of returns for that check: a shorter series in a strong market can have no loss."""
PERCENT_MEDIAN_SIZE_MIN = 0.05
"""A series with a return below -1 and at least this median size holds percent; below it, a single wrong value."""
PERCENT_BOOK_MEDIAN_SIZE_MIN = 0.2
"""Median size of the returns of the median held asset from which a book looks like percent."""

LEVEL_AUTOCORRELATION_MIN = 0.8
"""First autocorrelation from which a series holds levels or overlapping returns; 20 random returns reach 0.6."""
LEVEL_DEVIATION_MIN = 0.01
"""Least deviation per period of a series of levels: interest of a money-market fund is autocorrelated as well."""
LEVEL_MIN_OBSERVATIONS = 30
"""Least number of returns that measure an autocorrelation."""
LEVEL_MIN_SHARE = 0.1
"""Share of the summed position moves in series of levels from which the numbers have no meaning."""

ZERO_SHARE_MIN = 0.5
"""Share of zero returns from which a price counts as not updated; calendar days have 0.31 at most."""
LAST_ZEROS_MIN = 10
"""Zero returns at the end of a series from which its price counts as stuck."""
CONSTANT_WEIGHT_MIN_SHARE = 0.1
"""Share of gross weight in prices that never move, from which the numbers have no meaning."""

RUN_ZEROS_MIN_SHARE = 0.5
"""Share of the observations in one run of zeros from which the history of a price is filled, not observed."""
MOVING_SIZE_MIN = 1e-3
"""Least median size of the moves of a price that counts as filled or stuck: cash moves less."""
STUCK_ZERO_SHARE_MIN = 0.6
"""Share of zero returns of a price that counts as stuck: a thinly traded share has 0.5, a price every third day 0.67."""
STUCK_WEIGHT_MIN_SHARE = 0.5
"""Share of gross weight in stuck prices from which the numbers have no meaning."""

VARIANCE_ZERO_MIN_SHARE = 0.1
"""Share of the summed moves in assets of given variance zero, from which the numbers have no meaning."""
DEVIATION_MIN = 1e-6
"""Deviation per period below which a covariance measures nothing: a money-market fund has 1e-5 a day."""
SWAPPED_CORRELATION_MAX = 0.2
"""Least correlation of the logarithms of two deviations of the same assets: between any two years it is 0.29 or more."""
SWAPPED_MIN_ASSETS = 10
"""Least number of assets that measure that correlation."""
SWAPPED_SPREAD_MIN = 0.2
"""Least deviation of the logarithms: assets of equal volatility cannot be distinguished."""
CORRELATION_RATIO_MAX = 2.0
"""Greatest change of a long-only book's volatility by correlations, as a factor: a crash has 1.8."""
CORRELATION_RATIO_MEANINGLESS = 3.5
"""Beyond this factor the correlations cannot belong to these assets: 20 days of a crash reach 2.5."""
ESTIMATE_AHEAD_MAX_SECONDS = 4 * DAY_SECONDS
"""Greatest time from `as_of` to a covariance's estimate: a long weekend. A later one knows the future."""

DATES_GAP_MAX_DAYS = 15.0
"""Greatest gap between two dates of daily returns: an exchange closes for 11 days at most."""
DATES_GAP_MAX_PERIODS = 4.0
"""Greatest gap between two dates of returns of a lower frequency, in periods."""

RETURNS_MAX_AGE_SECONDS = 10 * DAY_SECONDS
"""Greatest age of daily returns unless the snapshot says otherwise."""
RETURNS_MAX_AGE_PERIODS = 3.0
"""Greatest age of returns of a lower frequency, in periods."""
COVARIANCE_MAX_AGE_SECONDS = 35 * DAY_SECONDS
"""Greatest age of a covariance unless the snapshot says otherwise: a monthly model and its delivery."""

DEVIATION_MAX = 0.1
"""Greatest median deviation of a book per period (10 %) if the frequency of the returns is unknown."""
DEVIATION_MAX_PER_YEAR = 2.0
"""Greatest median deviation per year (200 %) if the frequency is known: few shares and coins reach it."""
OUTLIER_MIN = 0.3
"""Least size of a single return that counts as an outlier."""
OUTLIER_OWN_SERIES_MIN = 0.1
"""Least size of an outlier of the portfolio's own series: a deposit, or a withdrawal."""
OUTLIER_SIZE_RATIO_MIN = 30.0
"""Least size of an outlier, in multiples of the median size: the crash of March 2020 reaches 21."""
MARKET_MIN_SHARE = 2 / 3
"""An outlier of the own series is a market move if the book's largest return is this share of it."""
REVERSAL_TOLERANCE = 1.25
"""Greatest factor between the values before and after a wrong price."""
REVERSAL_SQUARES_MIN_SHARE = 0.5
"""Share of an asset's squared returns from which a wrong price decides the asset's deviation."""
REPEATED_MIN_SHARE = 0.1
"""Share of periods that occurred before from which a history holds copies of itself."""
REPEATED_NEIGHBOURS_MIN_SHARE = 0.4
"""Share of periods equal to the one before from which each is sent twice; rounded returns have less."""
REPEATED_MEANINGLESS_SHARE = 0.5
"""Share of copies from which the number of observations has no meaning."""
LEFT_OUT_LOSSES_MIN_SHARE = 0.2
"""Least share of large losses among the periods left out for a gap that causes a caution: 5 % by chance."""
LEFT_OUT_LOSSES_MIN = 3
"""Least number of large losses for that caution: fewer may be chance."""

COMPLETE_SHARE_MIN = 0.75
"""Least share of periods without a gap; below it, most of the history is not used."""
CORRELATION_CHANGE_MAX = 0.1
"""Greatest change of a correlation by clipping that needs no warning."""

SUBJECTS_MAX_COUNT = 10
"""Greatest number of assets that one code names; the evidence counts all of them."""


def thresholds() -> dict[str, float]:
    """Return the thresholds by name, for the receipt."""
    return {
        "scale_ratio_max": SCALE_RATIO_MAX,
        "scale_ratio_meaningless": SCALE_RATIO_MEANINGLESS,
        "scale_min_observations": float(SCALE_MIN_OBSERVATIONS),
        "scale_asset_min_share": SCALE_ASSET_MIN_SHARE,
        "periods_ratio_max": PERIODS_RATIO_MAX,
        "series_min_observations": float(SERIES_MIN_OBSERVATIONS),
        "price_median_min": PRICE_MEDIAN_MIN,
        "gains_median_min_per_year": GAINS_MEDIAN_MIN_PER_YEAR,
        "gains_min_observations": float(GAINS_MIN_OBSERVATIONS),
        "percent_median_size_min": PERCENT_MEDIAN_SIZE_MIN,
        "percent_book_median_size_min": PERCENT_BOOK_MEDIAN_SIZE_MIN,
        "return_min": LIMITED_LOSS_RETURN_RATIO,
        "level_autocorrelation_min": LEVEL_AUTOCORRELATION_MIN,
        "level_deviation_min": LEVEL_DEVIATION_MIN,
        "level_min_observations": float(LEVEL_MIN_OBSERVATIONS),
        "level_min_share": LEVEL_MIN_SHARE,
        "zero_share_min": ZERO_SHARE_MIN,
        "last_zeros_min": float(LAST_ZEROS_MIN),
        "constant_weight_min_share": CONSTANT_WEIGHT_MIN_SHARE,
        "run_zeros_min_share": RUN_ZEROS_MIN_SHARE,
        "moving_size_min": MOVING_SIZE_MIN,
        "stuck_zero_share_min": STUCK_ZERO_SHARE_MIN,
        "stuck_weight_min_share": STUCK_WEIGHT_MIN_SHARE,
        "variance_zero_min_share": VARIANCE_ZERO_MIN_SHARE,
        "deviation_min": DEVIATION_MIN,
        "swapped_correlation_max": SWAPPED_CORRELATION_MAX,
        "swapped_min_assets": float(SWAPPED_MIN_ASSETS),
        "swapped_spread_min": SWAPPED_SPREAD_MIN,
        "correlation_ratio_max": CORRELATION_RATIO_MAX,
        "correlation_ratio_meaningless": CORRELATION_RATIO_MEANINGLESS,
        "deviation_max": DEVIATION_MAX,
        "deviation_max_per_year": DEVIATION_MAX_PER_YEAR,
        "outlier_min": OUTLIER_MIN,
        "outlier_own_series_min": OUTLIER_OWN_SERIES_MIN,
        "outlier_size_ratio_min": OUTLIER_SIZE_RATIO_MIN,
        "market_min_share": MARKET_MIN_SHARE,
        "reversal_tolerance": REVERSAL_TOLERANCE,
        "reversal_squares_min_share": REVERSAL_SQUARES_MIN_SHARE,
        "repeated_min_share": REPEATED_MIN_SHARE,
        "repeated_neighbours_min_share": REPEATED_NEIGHBOURS_MIN_SHARE,
        "repeated_meaningless_share": REPEATED_MEANINGLESS_SHARE,
        "left_out_losses_min_share": LEFT_OUT_LOSSES_MIN_SHARE,
        "left_out_losses_min": float(LEFT_OUT_LOSSES_MIN),
        "estimate_ahead_max_seconds": ESTIMATE_AHEAD_MAX_SECONDS,
        "dates_gap_max_days": DATES_GAP_MAX_DAYS,
        "dates_gap_max_periods": DATES_GAP_MAX_PERIODS,
        "complete_share_min": COMPLETE_SHARE_MIN,
        "correlation_change_max": CORRELATION_CHANGE_MAX,
        "returns_max_age_seconds": RETURNS_MAX_AGE_SECONDS,
        "returns_max_age_periods": RETURNS_MAX_AGE_PERIODS,
        "covariance_max_age_seconds": COVARIANCE_MAX_AGE_SECONDS,
    }

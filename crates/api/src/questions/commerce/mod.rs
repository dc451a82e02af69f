//! Questions about shops and what people do there.

pub(crate) mod acquisition;
pub(crate) mod active_users;
pub(crate) mod conversion;
pub(crate) mod geography;
pub(crate) mod heatmap;
pub(crate) mod inventory;
pub(crate) mod operations;
pub(crate) mod products;
pub(crate) mod retention;
pub(crate) mod revenue;
pub(crate) mod sessions;

use store::{Filters, Grid};

use crate::asked::{Asked, DEFAULT_DAYS};
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters::{Bucketed, Period};

impl Asked {
    /// About a period, the last 7 days if the parameters name none.
    async fn of(call: Call) -> Result<Self, ApiError> {
        let period = call.parameters::<Period>()?;
        Self::about(call, &period, Some(DEFAULT_DAYS), Filters::NONE).await
    }

    /// The same with its buckets.
    async fn in_buckets(call: Call) -> Result<(Self, Grid), ApiError> {
        let Bucketed { interval, week_start } = call.parameters()?;
        let asked = Self::of(call).await?;
        let grid = asked.grid(interval, week_start).await?;
        Ok((asked, grid))
    }
}

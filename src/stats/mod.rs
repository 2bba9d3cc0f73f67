//! Pure functions on numbers and slices, each with its source and tested against reference values.
//!
//! Nothing here knows of runs, endpoints or policies; what is compared with what is decided in `compare`.

pub mod beta;
pub mod blocks;
pub mod change_points;
pub mod f_ratio;
pub mod holm;
pub mod mser;
mod newton;
pub mod normal;
pub mod overdispersion;
pub mod rank_correlation;
pub mod rates;
#[cfg(test)]
mod reference;
pub mod spending;
pub mod student_t;

mod agreement;
mod beside;
mod degenerate;
mod metrics;
mod outcomes;
mod side_by_side;
mod simulation;

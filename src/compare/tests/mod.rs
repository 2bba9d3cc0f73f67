mod agreement;
mod degenerate;
mod outcomes;
mod side_by_side;
mod simulation;

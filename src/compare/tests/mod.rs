mod agreement;
mod degenerate;
mod outcomes;
mod simulation;

//! Telling the CI service how the gate ended. Only this folder does.

pub mod github;

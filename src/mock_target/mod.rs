//! mock_target

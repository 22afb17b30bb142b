//! The JSON.

//! How many cases random tests try.

/// The number of cases of a random test: few enough for every day. `RDNSBL_CASES=10` makes it ten times as many.
pub fn cases(usual: u32) -> u32 {
    let times = std::env::var("RDNSBL_CASES").map_or(1, |text| text.parse().expect("RDNSBL_CASES is a number"));
    usual.saturating_mul(times)
}

//! `rdnsbl-policyd`: see `--help`.

fn main() -> std::process::ExitCode {
    rdnsbl_tools::policyd::main()
}

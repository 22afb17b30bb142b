//! `rdnsbl-milter`: see `--help`.

fn main() -> std::process::ExitCode {
    rdnsbl_tools::milter::main()
}

fn main() -> std::process::ExitCode {
    phonebox::cli::run()
}

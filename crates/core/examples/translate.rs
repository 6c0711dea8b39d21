//! The numbers of a process: `translate PID` prints the one here, and that in each pid namespace below, down to its own.
#![allow(clippy::print_stdout, clippy::expect_used, reason = "an example says what it finds")]

use std::path::Path;

use nscore::Result;
use nscore::proc::Proc;

fn main() -> Result<()> {
    let pid = std::env::args().nth(1).and_then(|pid| pid.parse().ok()).unwrap_or_else(std::process::id);
    let proc = Proc::open(Path::new("/proc"))?;
    match proc.process(pid).and_then(|process| process.numbers()) {
        Ok(numbers) => {
            let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
            println!("{}", numbers.join(" "));
        }
        Err(errno) => println!("{pid}: {}", nscore::report::strerror(errno).display()),
    }
    Ok(())
}

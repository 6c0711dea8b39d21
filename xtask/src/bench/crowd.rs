//! Populations of idle processes, in a PID namespace where a listing sees them and nothing else.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, setns, unshare};

use crate::bench::programs;
use crate::error::{Doing as _, Error, Result};

/// What a population is made of.
#[derive(Clone, Copy, Default)]
pub struct Population {
    /// With the first one of the namespace and the one that lists them.
    pub processes: usize,
    /// Open descriptors of each process, above the eight that each has: the three standard ones
    /// (/dev/null twice, our standard error), a directory, a pipe's two ends, an eventfd and an epoll.
    pub descriptors: usize,
    /// Sockets of each process that it shares with no other.
    pub sockets: usize,
    /// Network namespaces without processes, each kept by a bind mount.
    pub networks: usize,
    /// Bind mounts of the files of namespaces that have processes.
    pub mounts: usize,
}

/// Where crowds gather: a mount namespace of this process's own, so that what they mount ends with it.
pub struct Place {
    program: PathBuf,
    /// Where a crowd keeps the namespaces that no process is in.
    held: PathBuf,
    /// The way back from the PID namespace of a crowd.
    pid_namespace: File,
}

impl Place {
    /// Leave the mount namespace that this process shares with others. Needs root, in a user namespace at least.
    pub fn prepare() -> Result<Place> {
        let program = programs::compile("crowd")?;
        let held = programs::directory()?.join("held");
        fs::create_dir_all(&held).doing(|| format!("creating {}", held.display()))?;
        let pid_namespace = File::open("/proc/self/ns/pid").doing(|| "opening /proc/self/ns/pid".into())?;
        unshare(CloneFlags::CLONE_NEWNS).map_err(io::Error::from).doing(|| {
            "making a mount namespace (without root, try `unshare -r --pid --fork --mount-proc cargo xtask ...`)".into()
        })?;
        mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)
            .map_err(io::Error::from)
            .doing(|| "keeping mounts from propagating".into())?;
        Ok(Place { program, held, pid_namespace })
    }

    /// Start a crowd and wait until all of it stands; from now on, this process's children are born among it.
    ///
    /// The crowd ends when it is dropped, or when this process ends, however that comes about:
    /// its first process lives as long as the pipe from here, and the others and the mounts with it.
    pub fn gather(&self, population: &Population) -> Result<Crowd<'_>> {
        unshare(CloneFlags::CLONE_NEWPID).map_err(io::Error::from).doing(|| "making a PID namespace".into())?;
        // Two of the processes are the crowd's first and the one that lists them.
        let numbers = [
            population.processes.saturating_sub(2),
            population.descriptors,
            population.sockets,
            population.networks,
            population.mounts,
        ];
        let mut command = Command::new(&self.program);
        command.arg(&self.held).args(numbers.map(|number| number.to_string()));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let first = command.spawn().doing(|| "starting a crowd".into())?;
        let mut crowd = Crowd { first, place: self };
        let ready = crowd.first.stdout.take().map(|mut stdout| stdout.read_exact(&mut [0]));
        ready.transpose().doing(|| format!("gathering {} processes", population.processes))?;
        Ok(crowd)
    }
}

/// A population that stands.
pub struct Crowd<'a> {
    first: Child,
    place: &'a Place,
}

impl Drop for Crowd<'_> {
    /// Failures are let go: whatever stays ends with this process, and the next crowd would fail for them.
    fn drop(&mut self) {
        drop(self.first.stdin.take());
        // The kernel has waited for all others before.
        let _ = self.first.wait();
        let _ = umount2("/proc", MntFlags::MNT_DETACH);
        let _ = umount2(&self.place.held, MntFlags::MNT_DETACH);
        let _ = setns(&self.place.pid_namespace, CloneFlags::CLONE_NEWPID);
    }
}

/// Why the kernel would not have so many processes more, if it would not.
pub fn no_room(processes: usize) -> Result<Option<String>> {
    let most = read_number("/proc/sys/kernel/pid_max", |text| text.trim().parse().ok())?;
    // The fourth field: RUNNING/ALL.
    let running = read_number("/proc/loadavg", |text| text.split_whitespace().nth(3)?.split_once('/')?.1.parse().ok())?;
    Ok(lacks_room(processes, running, most))
}

/// Processes that others may start meanwhile.
const SPARE: usize = 1000;

fn lacks_room(processes: usize, running: usize, most: usize) -> Option<String> {
    (processes + running + SPARE > most)
        .then(|| format!("kernel.pid_max is {most}, and {running} threads are running already"))
}

fn read_number(file: &str, number: impl Fn(&str) -> Option<usize>) -> Result<usize> {
    let text = fs::read_to_string(file).doing(|| format!("reading {file}"))?;
    number(&text).ok_or_else(|| Error::Missing(format!("{file} has no number where one belongs: {text}")))
}

#[cfg(test)]
mod tests {
    use super::lacks_room;

    #[test]
    fn some_room_is_left_to_others() {
        assert_eq!(lacks_room(30_000, 200, 32_768), None);
        assert!(lacks_room(30_000, 2_000, 32_768).is_some());
        assert!(lacks_room(32_000, 0, 32_768).is_some());
    }
}

//! Fetching a current util-linux from Debian without installing it.
//!
//! The distribution's own packages are downloaded and unpacked below the target
//! directory. Each program gets the loader and the libraries it was built with,
//! so that it runs beside the system's older ones.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{TOOLS, version, version_of_all};
use crate::error::{Doing as _, Error, Result};
use crate::program;

/// The release of Debian that has util-linux's latest.
const SUITE: &str = "sid";

/// The archive for everybody.
const DEFAULT_ARCHIVE: &str = "http://deb.debian.org/debian";

/// Fill `target`/oracle, whole or not at all, and return the version.
pub fn fetch(target: &Path) -> Result<String> {
    create_directory(target)?;
    let lock = target.join("oracle.lock");
    let lock = File::create(&lock).doing(|| format!("creating {}", lock.display()))?;
    lock.lock().doing(|| "waiting for another fetch".into())?;
    let place = target.join("oracle");
    if let Ok(version) = version_of_all(&place.join("bin")) {
        return Ok(version);
    }
    let work = target.join("oracle.partial");
    remove(&place)?;
    remove(&work)?;
    let result = build(&work, &place);
    if result.is_err() {
        remove(&place)?;
    }
    remove(&work)?;
    result
}

fn build(work: &Path, place: &Path) -> Result<String> {
    for tool in ["apt-get", "dpkg-deb", "patchelf"] {
        version(Path::new(tool))?;
    }
    download(work)?;
    let stage = work.join("oracle");
    assemble(&work.join("root"), &stage, place)?;
    fs::rename(&stage, place).doing(|| format!("moving {} into place", stage.display()))?;
    version_of_all(&place.join("bin"))
}

/// Download util-linux and all that it depends on, and unpack it into `work`/root.
fn download(work: &Path) -> Result<()> {
    let configuration = configure_apt(work)?;
    let apt = || {
        let mut apt = Command::new("apt-get");
        apt.env("APT_CONFIG", &configuration).env("LC_ALL", "C");
        apt
    };
    program::output(apt().args(["update", "-qq"]))?;
    // Asked on behalf of a system where nothing is installed, apt names every dependency.
    let files = program::output(apt().args(["install", "-qq", "--print-uris", "util-linux"]))?;
    let packages = package_names(&files);

    let debs = work.join("deb");
    create_directory(&debs)?;
    let mut get = apt();
    get.args(["download", "-qq"]).args(packages).current_dir(&debs);
    program::output(&mut get)?;

    let root = work.join("root");
    for deb in entries(&debs)? {
        program::output(Command::new("dpkg-deb").arg("-x").arg(deb).arg(&root))?;
    }
    Ok(())
}

/// The packages in a list as `apt-get install --print-uris` writes it:
/// `'URI' NAME_VERSION_ARCHITECTURE.deb SIZE HASH`.
fn package_names(files: &str) -> Vec<&str> {
    files.lines().filter_map(|line| line.split(' ').nth(1)?.split('_').next()).collect()
}

/// Make a home for apt in `work`/apt, where nothing is installed, and return its configuration file.
///
/// Of the machine's own settings only those of the download are taken over, such
/// as a proxy; its hooks would tell the rest of the system about our packages.
fn configure_apt(work: &Path) -> Result<PathBuf> {
    let home = work.join("apt");
    for directory in [
        "etc/apt/apt.conf.d",
        "etc/apt/preferences.d",
        "etc/apt/sources.list.d",
        "etc/apt/trusted.gpg.d",
        "var/lib/apt/lists/partial",
        "var/cache/apt/archives/partial",
    ] {
        create_directory(&home.join(directory))?;
    }
    let status = home.join("status");
    write(&status, "")?;
    write(&home.join("etc/apt/sources.list"), &format!("deb [signed-by={}] {} {SUITE} main\n", keyring()?, archive()))?;

    let settings = program::output(Command::new("apt-config").arg("dump"))?;
    let mut text: String =
        settings.lines().filter(|line| line.starts_with("Acquire::")).flat_map(|line| [line, "\n"]).collect();
    text += &format!(
        r#"Dir "{home}/";
Dir::State::status "{status}";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
Debug::NoLocking "true";
"#,
        home = home.display(),
        status = status.display()
    );
    let file = work.join("apt.conf");
    write(&file, &text)?;
    Ok(file)
}

fn keyring() -> Result<&'static str> {
    ["/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/debian-archive-keyring.pgp"]
        .into_iter()
        .find(|file| Path::new(file).exists())
        .ok_or_else(|| Error::Missing("no Debian archive keyring is installed".into()))
}

/// The mirror of Debian that this machine is set up for, else the one for everybody.
fn archive() -> String {
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    files.extend(entries(Path::new("/etc/apt/sources.list.d")).unwrap_or_default());
    files
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok())
        .find_map(|text| mirror(&text).map(str::to_owned))
        .unwrap_or_else(|| DEFAULT_ARCHIVE.into())
}

/// The first address of a Debian archive in a sources file, of either format.
fn mirror(sources: &str) -> Option<&str> {
    sources
        .lines()
        .filter(|line| line.starts_with("URIs:") || line.starts_with("deb "))
        .flat_map(str::split_whitespace)
        .find(|word| word.starts_with("http") && word.trim_end_matches('/').ends_with("/debian"))
}

/// Copy the tools and the libraries they need from `root` to `stage`, made to run from `place`.
fn assemble(root: &Path, stage: &Path, place: &Path) -> Result<()> {
    let libraries = libraries_below(root)?;
    let (bin, lib) = (stage.join("bin"), stage.join("lib"));
    for directory in [stage, &bin, &lib] {
        create_directory(directory)?;
        make_public(directory)?;
    }
    let mut unseen = Vec::new();
    for tool in TOOLS {
        let program = bin.join(tool);
        copy(&root.join("usr/bin").join(tool), &program)?;
        unseen.push(program);
    }
    while let Some(object) = unseen.pop() {
        for name in patchelf(&object, &["--print-needed"])?.lines() {
            let library = lib.join(name);
            if !library.exists() {
                let original =
                    libraries.get(name).ok_or_else(|| Error::Missing(format!("{name} is in none of the packages")))?;
                copy(original, &library)?;
                unseen.push(library);
            }
        }
    }
    let rpath = place.join("lib").display().to_string();
    for tool in TOOLS {
        let program = bin.join(tool);
        let loader = patchelf(&program, &["--print-interpreter"])?;
        let loader = Path::new(loader.trim()).file_name().unwrap_or_default();
        let loader = place.join("lib").join(loader).display().to_string();
        // DT_RPATH, not DT_RUNPATH: that one would not hold for what the libraries need.
        patchelf(&program, &["--set-interpreter", &loader, "--force-rpath", "--set-rpath", &rpath])?;
    }
    Ok(())
}

fn patchelf(object: &Path, arguments: &[&str]) -> Result<String> {
    program::output(Command::new("patchelf").args(arguments).arg(object))
}

/// The shared libraries in `root` by name.
fn libraries_below(root: &Path) -> Result<BTreeMap<String, PathBuf>> {
    let root = root.canonicalize().doing(|| format!("finding {}", root.display()))?;
    let mut libraries = BTreeMap::new();
    let mut directories = vec![root.clone()];
    while let Some(directory) = directories.pop() {
        for path in entries(&directory)? {
            if path.is_dir() && !path.is_symlink() {
                directories.push(path);
                continue;
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            // An absolute link leads out of the packages, to the system's own library.
            if let Ok(file) = path.canonicalize()
                && name.contains(".so")
                && file.starts_with(&root)
            {
                libraries.insert(name.into_owned(), file);
            }
        }
    }
    Ok(libraries)
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    fs::read_dir(directory)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .doing(|| format!("reading {}", directory.display()))
}

fn create_directory(path: &Path) -> Result<()> {
    fs::create_dir_all(path).doing(|| format!("creating {}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).doing(|| format!("writing {}", path.display()))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).doing(|| format!("copying {} to {}", from.display(), to.display()))?;
    make_public(to)
}

/// Let everybody read and execute `path`, whatever the umask.
fn make_public(path: &Path) -> Result<()> {
    fs::set_permissions(path, Permissions::from_mode(0o755))
        .doing(|| format!("changing the mode of {}", path.display()))
}

fn remove(directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        result => result.doing(|| format!("removing {}", directory.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::{mirror, package_names};

    #[test]
    fn names_are_taken_from_apts_list() {
        let list = "'http://deb.debian.org/debian/pool/z/zlib/zlib1g_1.3_amd64.deb' \
                    zlib1g_1%3a1.3_amd64.deb 9 SHA256:0\n\
                    'http://deb.debian.org/debian/pool/l/libpam0g_1_amd64.deb' libpam0g_1_amd64.deb 9 \n";
        assert_eq!(package_names(list), ["zlib1g", "libpam0g"]);
    }

    #[test]
    fn a_mirror_is_found_in_both_formats() {
        let deb822 = "Types: deb\n# http://old.example/debian\nURIs: http://a.example/debian-security\n\n\
                      URIs: http://b.example/debian/\nSuites: sid\n";
        assert_eq!(mirror(deb822), Some("http://b.example/debian/"));
        let list = "deb https://c.example/apt stable main\n\
                    deb [arch=amd64] http://d.example/debian sid main\n";
        assert_eq!(mirror(list), Some("http://d.example/debian"));
        assert_eq!(mirror("URIs: mirror+file:/etc/apt/mirrors/debian.list\n"), None);
    }
}

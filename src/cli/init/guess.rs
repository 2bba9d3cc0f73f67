//! How the service of a project is started, guessed of the files that lie in its folder.

use std::{fs, path::Path};

use serde_json::Value;

/// What was found.
pub(super) struct Guess {
    /// The file that told, as a beginning of a sentence; `None` when the user said it, or nothing told.
    pub(super) because: Option<String>,
    /// What has to be done once before the service can be started, for the shell.
    pub(super) build: Option<String>,
    pub(super) service: Service,
}

/// Who starts the service.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Service {
    /// loadgate, with this command; it listens on `$PORT`.
    Command(String),
    /// Docker Compose, in the workflow; it listens at this address.
    Compose(String),
    /// Somebody else; it is at this address.
    At(String),
    /// Nobody knows.
    Unknown,
}

/// Every kind of project that is known, the surest sign first.
const KINDS: [fn(&Path) -> Option<Guess>; 8] = [procfile, node, cargo, go, django, maven, gradle, compose];

/// How the project in a folder is started.
pub(super) fn of(folder: &Path) -> Guess {
    let nothing = || Guess { because: None, build: None, service: Service::Unknown };
    KINDS.iter().find_map(|kind| kind(folder)).unwrap_or_else(nothing)
}

fn command(because: &str, build: Option<String>, command: impl Into<String>) -> Option<Guess> {
    let command = command.into();
    // A workflow would take that for an expression of its own, and a second line for another argument.
    let is_plain = !command.trim().is_empty() && !command.contains("${{") && !command.contains(['\n', '\r']);
    is_plain.then(|| Guess { because: Some(because.to_owned()), build, service: Service::Command(command) })
}

/// The first of these files that is there, with its text.
fn read<'a>(folder: &Path, names: &[&'a str]) -> Option<(&'a str, String)> {
    names.iter().find_map(|name| Some((*name, fs::read_to_string(folder.join(name)).ok()?)))
}

fn procfile(folder: &Path) -> Option<Guess> {
    let (_, text) = read(folder, &["Procfile"])?;
    let web = text.lines().find_map(|line| line.strip_prefix("web:"))?;
    command("Procfile has a process `web`", build_of_node(folder), web.trim())
}

fn node(folder: &Path) -> Option<Guess> {
    let package = package(folder)?;
    package["scripts"]["start"].as_str()?;
    command("package.json has a script `start`", build_of_node(folder), "npm start")
}

fn package(folder: &Path) -> Option<Value> {
    serde_json::from_str(&read(folder, &["package.json"])?.1).ok()
}

fn build_of_node(folder: &Path) -> Option<String> {
    let package = package(folder)?;
    let is_there = |name: &str| folder.join(name).is_file();
    let install = if is_there("pnpm-lock.yaml") {
        "corepack enable && pnpm install --frozen-lockfile"
    } else if is_there("yarn.lock") {
        "yarn install --frozen-lockfile"
    } else if is_there("package-lock.json") {
        "npm ci"
    } else {
        "npm install"
    };
    let build = if package["scripts"]["build"].is_string() { " && npm run build" } else { "" };
    Some(format!("{install}{build}"))
}

fn cargo(folder: &Path) -> Option<Guess> {
    let (_, text) = read(folder, &["Cargo.toml"])?;
    let mut section = "";
    let (mut package, mut binary) = (None, None);
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        } else if let Some(name) = line.strip_prefix("name").and_then(|rest| rest.trim_start().strip_prefix('=')) {
            let name = name.trim().trim_matches('"').to_owned();
            match section {
                "[package]" => package = package.or(Some(name)),
                "[[bin]]" => binary = binary.or(Some(name)),
                _ => {}
            }
        }
    }
    let name = binary.or_else(|| package.filter(|_| folder.join("src/main.rs").is_file()))?;
    command("Cargo.toml has a program", Some("cargo build --release".to_owned()), format!("./target/release/{name}"))
}

fn go(folder: &Path) -> Option<Guess> {
    read(folder, &["go.mod"])?;
    let package = if folder.join("main.go").is_file() {
        ".".to_owned()
    } else {
        let programs: Vec<_> = fs::read_dir(folder.join("cmd")).ok()?.filter_map(Result::ok).collect();
        let [program] = programs.as_slice() else { return None };
        format!("./cmd/{}", program.file_name().to_str()?)
    };
    command("go.mod is there with one program", Some(format!("go build -o service {package}")), "./service")
}

fn django(folder: &Path) -> Option<Guess> {
    read(folder, &["manage.py"])?;
    let install = "python3 -m venv .venv && .venv/bin/pip install --requirement requirements.txt";
    let build = folder.join("requirements.txt").is_file().then(|| install.to_owned());
    let python = if build.is_some() { ".venv/bin/python" } else { "python3" };
    command("manage.py is there", build, format!("{python} manage.py runserver --noreload 127.0.0.1:$PORT"))
}

fn maven(folder: &Path) -> Option<Guess> {
    let (_, text) = read(folder, &["pom.xml"])?;
    let wrapper = if folder.join("mvnw").is_file() { "./mvnw" } else { "mvn" };
    spring("pom.xml uses Spring Boot", &text, &format!("{wrapper} --batch-mode package -DskipTests"), "target")
}

fn gradle(folder: &Path) -> Option<Guess> {
    let (_, text) = read(folder, &["build.gradle", "build.gradle.kts"])?;
    let wrapper = if folder.join("gradlew").is_file() { "./gradlew" } else { "gradle" };
    spring("the Gradle build uses Spring Boot", &text, &format!("{wrapper} bootJar"), "build/libs")
}

fn spring(because: &str, text: &str, build: &str, jars: &str) -> Option<Guess> {
    let is_spring = text.contains("spring-boot") || text.contains("org.springframework.boot");
    let build = Some(build.to_owned());
    is_spring.then(|| command(because, build, format!("java -jar {jars}/*.jar --server.port=$PORT"))).flatten()
}

fn compose(folder: &Path) -> Option<Guess> {
    let (name, text) = read(folder, &["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"])?;
    let port = published_port(&text).unwrap_or(8080);
    let service = Service::Compose(format!("http://127.0.0.1:{port}"));
    Some(Guess { because: Some(format!("{name} is there")), build: None, service })
}

/// Ports of databases and queues, which stand in such files beside the service.
const NOT_HTTP: [u16; 6] = [3306, 5432, 5672, 6379, 9092, 27017];

/// The first port of the host that a service is published at: `- "8080:80"` or `published: 8080`.
fn published_port(text: &str) -> Option<u16> {
    text.lines().find_map(|line| {
        let line = line.trim().trim_start_matches("- ").trim_matches(['"', '\'']);
        let port = match line.strip_prefix("published:") {
            Some(port) => port.trim().trim_matches(['"', '\'']),
            None => {
                let mut parts: Vec<&str> = line.split(':').collect();
                let _inside = parts.pop().filter(|port| port.trim_end_matches("/tcp").parse::<u16>().is_ok())?;
                parts.pop()?
            }
        };
        port.parse().ok().filter(|port| !NOT_HTTP.contains(port))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is guessed of a folder with these files: the command that builds, and who starts.
    fn guessed(files: &[(&str, &str)]) -> (Option<String>, Service) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let guess = of(folder.path());
        (guess.build, guess.service)
    }

    fn starts(build: Option<&str>, command: &str) -> (Option<String>, Service) {
        (build.map(str::to_owned), Service::Command(command.to_owned()))
    }

    #[test]
    fn the_files_of_a_project_tell_how_it_is_started() {
        let package = r#"{"scripts": {"start": "node .", "build": "tsc"}}"#;
        assert_eq!(
            guessed(&[("package.json", package), ("package-lock.json", "")]),
            starts(Some("npm ci && npm run build"), "npm start")
        );
        let cargo = "[package]\nname = \"shop\"\n[dependencies]\nname = \"x\"\n";
        assert_eq!(
            guessed(&[("Cargo.toml", cargo), ("src/main.rs", "")]),
            starts(Some("cargo build --release"), "./target/release/shop")
        );
        let two = format!("{cargo}[[bin]]\nname = \"shopd\"\n");
        assert_eq!(guessed(&[("Cargo.toml", &two)]), starts(Some("cargo build --release"), "./target/release/shopd"));
        assert_eq!(
            guessed(&[("go.mod", ""), ("cmd/api/main.go", "")]),
            starts(Some("go build -o service ./cmd/api"), "./service")
        );
        assert_eq!(
            guessed(&[("pom.xml", "<artifactId>spring-boot-starter</artifactId>"), ("mvnw", "")]),
            starts(Some("./mvnw --batch-mode package -DskipTests"), "java -jar target/*.jar --server.port=$PORT")
        );
        assert_eq!(guessed(&[("manage.py", "")]), starts(None, "python3 manage.py runserver --noreload 127.0.0.1:$PORT"));
        assert_eq!(
            guessed(&[("Procfile", "worker: x\nweb: ./shop --port ${PORT:-80}\n")]),
            starts(None, "./shop --port ${PORT:-80}")
        );
    }

    #[test]
    fn a_compose_file_tells_the_port() {
        for text in [
            "services:\n  web:\n    ports:\n      - \"5432:5432\"\n      - \"18080:80\"\n",
            "ports:\n  - 127.0.0.1:18080:80/tcp\n",
            "published: '18080'\n",
        ] {
            assert_eq!(
                guessed(&[("compose.yaml", text)]),
                (None, Service::Compose("http://127.0.0.1:18080".to_owned())),
                "{text}"
            );
        }
        assert_eq!(guessed(&[("docker-compose.yml", "services: {}")]).1, Service::Compose("http://127.0.0.1:8080".to_owned()));
    }

    #[test]
    fn what_can_not_be_told_is_not_guessed() {
        assert_eq!(guessed(&[]).1, Service::Unknown);
        assert_eq!(guessed(&[("package.json", "{ broken")]).1, Service::Unknown);
        assert_eq!(guessed(&[("package.json", r#"{"scripts": {"test": "x"}}"#)]).1, Service::Unknown);
        assert_eq!(guessed(&[("Cargo.toml", "[package]\nname = \"library\"\n")]).1, Service::Unknown);
        assert_eq!(guessed(&[("Procfile", "web: ./shop ${{ secrets.X }}")]).1, Service::Unknown);
    }
}

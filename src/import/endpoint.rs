//! Endpoints of tools that know addresses: what is asked for, whichever machine is asked.

use std::collections::BTreeSet;

/// Machines that are told apart for the note about them.
const HOSTS_MAX: usize = 4;

/// Makes the names of endpoints.
#[derive(Debug, Default)]
pub(super) struct Endpoints {
    hosts: BTreeSet<String>,
    name: String,
}

impl Endpoints {
    /// The endpoint of a request: the name somebody gave it, or of an address the method and the path. Host and query are left out:
    /// a test of two deployments asks for the same things, and what stands behind the `?` may be secret.
    pub(super) fn of<'a>(&'a mut self, method: &str, name: &'a str) -> &'a str {
        let Some((_, rest)) = name.split_once("://") else { return name };
        let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let host = host.rsplit('@').next().unwrap_or_default();
        if self.hosts.len() < HOSTS_MAX && !self.hosts.contains(host) {
            self.hosts.insert(host.to_owned());
        }
        self.name.clear();
        if !method.is_empty() {
            self.name.extend([method, " "]);
        }
        self.name.push_str(if path.is_empty() { "/" } else { path });
        &self.name
    }

    /// What the user should know of the names.
    pub(super) fn notes(self) -> Vec<String> {
        let hosts: Vec<String> = self.hosts.into_iter().collect();
        let several = format!(
            "requests to {} with the same path are counted as one endpoint; give them names to tell them apart",
            hosts.join(", ")
        );
        (hosts.len() > 1).then_some(several).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_loses_its_host_and_what_may_be_secret_and_a_name_nothing() {
        let mut endpoints = Endpoints::default();
        for (method, name, expected) in [
            ("GET", "https://me:secret@shop.example:8443/items/7?token=1#top", "GET /items/7"),
            ("POST", "http://shop.example:8443", "POST /"),
            ("GET", "http://shop.example:8443?q=1", "GET /"),
            ("", "http://shop.example:8443/a-0", "/a-0"),
            ("GET", "list items?", "list items?"),
        ] {
            assert_eq!(endpoints.of(method, name), expected, "{name}");
        }
        assert_eq!(endpoints.notes(), [""; 0]);
    }

    #[test]
    fn two_machines_behind_one_path_are_said() {
        let mut endpoints = Endpoints::default();
        endpoints.of("GET", "http://a/items");
        endpoints.of("GET", "http://b/items");
        assert!(endpoints.notes()[0].starts_with("requests to a, b with the same path are counted as one endpoint"));
    }
}

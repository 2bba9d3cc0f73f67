//! What is laid over the file: an entry of `environments:`, then the `--set` flags.

use super::{
    error::{Position, Problem},
    nearest,
    node::{Entry, Node, Scalar, Segment, Value},
    parse::parse,
};

/// Most environments; each of them is checked, chosen or not.
const ENVIRONMENTS_MAX: usize = 32;

/// Takes `environments:` out of the tree.
pub(super) fn take_environments(root: &mut Node) -> Result<Vec<Entry>, Problem> {
    let Value::Map(entries) = &mut root.value else { return Ok(Vec::new()) };
    let Some(at) = entries.iter().position(|entry| entry.key == "environments") else { return Ok(Vec::new()) };
    let node = entries.remove(at).node;
    let kind = node.kind();
    let refuse = |message: String, hint: &str| Err(Problem::new(node.position.clone(), message, hint.to_owned()));
    match node.value {
        Value::Map(environments) if environments.len() <= ENVIRONMENTS_MAX => Ok(environments),
        Value::Map(_) => refuse(format!("more than {ENVIRONMENTS_MAX} environments"), "keep those that are used"),
        _ => refuse(format!("expected a map of environments, found {kind}"), "write a map: environments: { pr: { load: .. } }"),
    }
}

/// Lays the environment of that name over the tree. Maps are merged, everything else is replaced.
pub(super) fn environment(root: &mut Node, environments: &[Entry], chosen: &str) -> Result<(), Problem> {
    let Some(entry) = environments.iter().find(|entry| entry.key == chosen) else {
        let hint = nearest::hint(chosen, environments.iter().map(|entry| entry.key.as_str()), "environments");
        return Err(Problem::new(Position::Flag(format!("--env {chosen}")), format!("there is no environment '{chosen}'"), hint));
    };
    merge(root, entry.node.clone());
    Ok(())
}

fn merge(base: &mut Node, over: Node) {
    match (&mut base.value, over.value) {
        (Value::Map(entries), Value::Map(replacing)) => {
            for entry in replacing {
                match entries.iter_mut().find(|known| known.key == entry.key) {
                    Some(known) => {
                        if !matches!((&known.node.value, &entry.node.value), (Value::Map(_), Value::Map(_))) {
                            known.key_position = entry.key_position;
                        }
                        merge(&mut known.node, entry.node);
                    }
                    None => entries.push(entry),
                }
            }
        }
        (_, value) => *base = Node { position: over.position, value },
    }
}

/// Replaces the value at a path such as `regression.alpha` or `stages[1].rate`; maps on the way are made.
pub(super) fn set(root: &mut Node, path: &str, value: &str) -> Result<(), Problem> {
    let flag = format!("--set {path}={value}");
    let refuse = |message: String, hint: &str| Problem::new(Position::Flag(flag.clone()), message, hint.to_owned());
    let value = if value.trim().is_empty() {
        Node { position: Position::Flag(flag.clone()), value: Value::Scalar(Scalar::new(String::new(), true)) }
    } else {
        parse(value, Some(&flag))?
    };
    let segments = segments_of(path).ok_or_else(|| {
        refuse(format!("'{path}' is not a path"), "write keys with dots and list places from 0: stages[1].rate")
    })?;
    let mut node = root;
    let last = segments.len() - 1;
    for (n, segment) in segments.into_iter().enumerate() {
        node = match segment {
            Segment::Key(key) => {
                if matches!(&node.value, Value::Scalar(_)) {
                    *node = Node { position: Position::Flag(flag.clone()), value: Value::Map(Vec::new()) };
                }
                let Value::Map(entries) = &mut node.value else {
                    return Err(refuse(format!("'{key}' stands for a key, and there is a list"), "write its place: [0]"));
                };
                let at = entries.iter().position(|entry| entry.key == key).unwrap_or_else(|| {
                    let position = Position::Flag(flag.clone());
                    let node = Node { position: position.clone(), value: Value::Map(Vec::new()) };
                    entries.push(Entry { key, key_position: position, node });
                    entries.len() - 1
                });
                if n == last {
                    entries[at].key_position = Position::Flag(flag.clone());
                }
                &mut entries[at].node
            }
            Segment::Index(index) => {
                let Value::List(items) = &mut node.value else {
                    return Err(refuse(format!("[{index}] is a place in a list, and there is none"), "write a key"));
                };
                let count = items.len();
                items
                    .get_mut(index)
                    .ok_or_else(|| refuse(format!("there is no place [{index}] in a list of {count}"), "places count from 0"))?
            }
        };
    }
    *node = value;
    Ok(())
}

/// Puts a command given by a flag under `target`, whose short form becomes a map then. Nothing in it is YAML.
pub(super) fn start(root: &mut Node, flag: &str, key: &str, command: &str) {
    let position = Position::Flag(flag.to_owned());
    let entry = |key: &str, node| Entry { key: key.to_owned(), key_position: position.clone(), node };
    let node = |value| Node { position: position.clone(), value };
    let mut target = node(Value::Map(Vec::new()));
    if let Value::Map(entries) = &mut root.value {
        let at = entries.iter().position(|entry| entry.key == "target").unwrap_or_else(|| {
            entries.push(entry("target", node(Value::Map(Vec::new()))));
            entries.len() - 1
        });
        std::mem::swap(&mut entries[at].node, &mut target);
        if let Value::Scalar(_) = target.value {
            let position = target.position.clone();
            let address = Entry { key: "base_url".to_owned(), key_position: position.clone(), node: target };
            target = Node { position, value: Value::Map(vec![address]) };
        }
        if let Value::Map(keys) = &mut target.value {
            keys.retain(|known| known.key != key);
            keys.push(entry(key, node(Value::Scalar(Scalar::new(command.to_owned(), false)))));
        }
        entries[at].node = target;
    }
}

/// `stages[1].rate` and `stages.1.rate` as segments.
fn segments_of(path: &str) -> Option<Vec<Segment>> {
    let spaced = path.replace('[', ".").replace(']', "");
    let segment = |part: &str| match part.parse() {
        Ok(index) => Segment::Index(index),
        Err(_) => Segment::Key(part.to_owned()),
    };
    let parts: Vec<&str> = spaced.split('.').collect();
    parts.iter().all(|part| !part.is_empty()).then(|| parts.into_iter().map(segment).collect())
}

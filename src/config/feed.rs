//! `feed:` of a scenario as written.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};

/// Feeders by name, each with how rows of it are taken where that is said: `users`, `[users, orders]`, `{ users: per_user }`.
#[derive(Clone, Debug)]
pub struct Feed(pub Vec<(String, Option<String>)>);

impl<'de> Deserialize<'de> for Feed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FeedVisitor)
    }
}

struct FeedVisitor;

impl<'de> Visitor<'de> for FeedVisitor {
    type Value = Feed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a feeder, a list of them, or a map such as { users: per_user }")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Feed, E> {
        Ok(Feed(vec![(name.to_owned(), None)]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Feed, A::Error> {
        let mut feeds = Vec::new();
        while let Some(name) = list.next_element()? {
            feeds.push((name, None));
        }
        Ok(Feed(feeds))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Feed, A::Error> {
        let mut feeds = Vec::new();
        while let Some((name, how)) = map.next_entry()? {
            feeds.push((name, Some(how)));
        }
        Ok(Feed(feeds))
    }
}

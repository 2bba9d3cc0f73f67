//! Cookies of one user, sent back by the rules of RFC 6265: domain, path, `Secure`, expiry.

use cookie_store::{Cookie, CookieStore, StoreAction};
use http::{HeaderMap, header::SET_COOKIE};
use url::Url;

/// What a user was given; empty until a target sets a cookie.
#[derive(Debug, Default)]
pub(super) struct Jar(Option<Box<Kept>>);

/// Cookies, and the order in which they came.
#[derive(Debug, Default)]
struct Kept {
    store: CookieStore,
    /// Domain, path and name of each, oldest first.
    order: Vec<[String; 3]>,
}

/// Cookies kept of a domain, as many as RFC 6265 (section 6.1) asks for at least; the oldest goes for one more.
const PER_DOMAIN: usize = 50;
/// Longest cookie that is kept, in bytes, from the same section.
const COOKIE_BYTES_MAX: usize = 4_096;

impl Jar {
    /// The value of the `cookie` header of a request to this address.
    pub(super) fn header<'a>(&self, address: impl FnOnce() -> Option<&'a Url>) -> Option<String> {
        let store = &self.0.as_ref()?.store;
        let address = address()?;
        let pairs: Vec<String> = store.get_request_values(address).map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Keeps what an answer from this address sets.
    pub(super) fn keep<'a>(&mut self, headers: &HeaderMap, address: impl FnOnce() -> Option<&'a Url>) {
        if !headers.contains_key(SET_COOKIE) {
            return;
        }
        let Some(address) = address() else { return };
        let texts = headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        let kept = self.0.get_or_insert_default();
        texts.filter(|text| text.len() <= COOKIE_BYTES_MAX).for_each(|text| kept.add(text, address));
    }
}

impl Kept {
    fn add(&mut self, text: &str, address: &Url) {
        let Ok(cookie) = Cookie::parse(text.to_owned(), address) else { return };
        let domain = cookie.domain.as_cow().unwrap_or_default().into_owned();
        let key = [domain, cookie.path.as_ref().to_owned(), cookie.name().to_owned()];
        let Ok(StoreAction::Inserted) = self.store.insert(cookie, address) else { return };
        let store = &mut self.store;
        // One that was taken back and came again is new.
        self.order.retain(|known| *known != key && store.contains_any(&known[0], &known[1], &known[2]));
        let is_alike = |known: &[String; 3]| known[0] == key[0];
        if self.order.iter().filter(|known| is_alike(known)).count() == PER_DOMAIN
            && let Some(oldest) = self.order.iter().position(is_alike)
        {
            let [domain, path, name] = self.order.remove(oldest);
            store.remove(&domain, &path, &name);
        }
        self.order.push(key);
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_target_cannot_fill_the_jar_without_end() {
        let address = Url::parse("http://shop.example/").unwrap();
        let mut jar = Jar::default();
        let mut give = |cookie: String| {
            jar.keep(&HeaderMap::from_iter([(SET_COOKIE, HeaderValue::from_str(&cookie).unwrap())]), || Some(&address));
            jar.header(|| Some(&address)).unwrap_or_default()
        };
        assert_eq!(give(format!("huge={}", "x".repeat(COOKIE_BYTES_MAX))), "");
        let all = (0..1_000).map(|n| give(format!("c{n}=1"))).last().unwrap();
        assert_eq!(all.split("; ").count(), PER_DOMAIN);
        assert!(all.contains("c999=1") && all.contains("c950=1") && !all.contains("c949=1"), "{all}");
    }

    #[test]
    fn cookies_come_back_where_they_belong() {
        let header = |jar: &Jar, address: &str| {
            let address = Url::parse(address).unwrap();
            jar.header(|| Some(&address))
        };
        let shop = Url::parse("http://shop.example/").unwrap();
        let mut headers = HeaderMap::new();
        for cookie in ["a=1", "b=2; Path=/shop", "c=3; Secure", "d=4; Domain=other.example"] {
            headers.append(SET_COOKIE, HeaderValue::from_static(cookie));
        }
        let mut jar = Jar::default();
        assert_eq!(header(&jar, "http://shop.example/"), None);
        jar.keep(&headers, || Some(&shop));
        assert_eq!(header(&jar, "http://shop.example/x").as_deref(), Some("a=1"));
        let mut both: Vec<String> = header(&jar, "https://shop.example/shop/x").unwrap().split("; ").map(str::to_owned).collect();
        both.sort();
        assert_eq!(both, ["a=1", "b=2", "c=3"]);
        assert_eq!(header(&jar, "http://other.example/"), None);
        let gone = HeaderMap::from_iter([(SET_COOKIE, HeaderValue::from_static("a=; Max-Age=0"))]);
        jar.keep(&gone, || Some(&shop));
        assert_eq!(header(&jar, "http://shop.example/x"), None);
    }
}

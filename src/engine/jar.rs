//! Cookies of one user, sent back by the rules of RFC 6265: domain, path, `Secure`, expiry.

use cookie_store::{CookieStore, RawCookie};
use http::{HeaderMap, header::SET_COOKIE};
use url::Url;

/// What a user was given; empty until a target sets a cookie.
#[derive(Debug, Default)]
pub(super) struct Jar(Option<Box<CookieStore>>);

impl Jar {
    /// The value of the `cookie` header of a request to this address.
    pub(super) fn header(&self, address: impl FnOnce() -> Option<Url>) -> Option<String> {
        let store = self.0.as_ref()?;
        let address = address()?;
        let pairs: Vec<String> = store.get_request_values(&address).map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Keeps what an answer from this address sets.
    pub(super) fn keep(&mut self, headers: &HeaderMap, address: impl FnOnce() -> Option<Url>) {
        if !headers.contains_key(SET_COOKIE) {
            return;
        }
        let Some(address) = address() else { return };
        let texts = headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        let cookies = texts.filter_map(|text| RawCookie::parse(text.to_owned()).ok());
        self.0.get_or_insert_default().store_response_cookies(cookies, &address);
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn cookies_come_back_where_they_belong() {
        let at = |address: &str| Url::parse(address).ok();
        let mut headers = HeaderMap::new();
        for cookie in ["a=1", "b=2; Path=/shop", "c=3; Secure", "d=4; Domain=other.example"] {
            headers.append(SET_COOKIE, HeaderValue::from_static(cookie));
        }
        let mut jar = Jar::default();
        assert_eq!(jar.header(|| at("http://shop.example/")), None);
        jar.keep(&headers, || at("http://shop.example/"));
        assert_eq!(jar.header(|| at("http://shop.example/x")).as_deref(), Some("a=1"));
        let mut both: Vec<String> =
            jar.header(|| at("https://shop.example/shop/x")).unwrap().split("; ").map(str::to_owned).collect();
        both.sort();
        assert_eq!(both, ["a=1", "b=2", "c=3"]);
        assert_eq!(jar.header(|| at("http://other.example/")), None);
        let gone = HeaderMap::from_iter([(SET_COOKIE, HeaderValue::from_static("a=; Max-Age=0"))]);
        jar.keep(&gone, || at("http://shop.example/"));
        assert_eq!(jar.header(|| at("http://shop.example/x")), None);
    }
}

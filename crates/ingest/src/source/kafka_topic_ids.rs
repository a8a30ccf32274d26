//! Identities of topics, by a call of the C library that its wrapper does not offer.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char};
use std::ptr::NonNull;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka_sys::bindings as sys;
use rdkafka_sys::rd_kafka_resp_err_t as Code;

/// What the C library made and has to take back.
struct Owned<T> {
    raw: NonNull<T>,
    destroy: unsafe extern "C" fn(*mut T),
}

impl<T> Owned<T> {
    fn new(raw: *mut T, destroy: unsafe extern "C" fn(*mut T)) -> Option<Owned<T>> {
        NonNull::new(raw).map(|raw| Owned { raw, destroy })
    }

    fn as_ptr(&self) -> *mut T {
        self.raw.as_ptr()
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: made by the library, ours, and given back once.
        unsafe { (self.destroy)(self.raw.as_ptr()) };
    }
}

/// The identities of those of `names` that have one, asked of one broker: any knows them, and there may be no
/// controller. Empty where the cluster knows no identities or does not answer in time.
pub(super) fn topic_ids<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    broker: i32,
    names: &[&str],
    timeout: Duration,
) -> BTreeMap<String, String> {
    ask(client, broker, names, timeout).map(|answer| identities(&answer)).unwrap_or_default()
}

fn ask<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    broker: i32,
    names: &[&str],
    timeout: Duration,
) -> Option<Owned<sys::rd_kafka_event_t>> {
    let timeout_ms = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    let names: Vec<CString> = names.iter().filter_map(|name| CString::new(*name).ok()).collect();
    let mut pointers: Vec<*const c_char> = names.iter().map(|name| name.as_ptr()).collect();
    let client = client.client().native_ptr();
    // SAFETY: the names outlive the call, which copies them.
    let topics = unsafe { sys::rd_kafka_TopicCollection_of_topic_names(pointers.as_mut_ptr(), pointers.len()) };
    let topics = Owned::new(topics, sys::rd_kafka_TopicCollection_destroy)?;
    // SAFETY: the client lives; the queue is destroyed after the event that came from it, as it was made before.
    let queue = Owned::new(unsafe { sys::rd_kafka_queue_new(client) }, sys::rd_kafka_queue_destroy)?;
    let kind = sys::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS;
    // SAFETY: the client lives.
    let options = unsafe { sys::rd_kafka_AdminOptions_new(client, kind) };
    let options = Owned::new(options, sys::rd_kafka_AdminOptions_destroy)?;
    let mut text: [c_char; 256] = [0; 256];
    // SAFETY: the options live and `text` has the length that is told.
    unsafe {
        sys::rd_kafka_AdminOptions_set_request_timeout(options.as_ptr(), timeout_ms, text.as_mut_ptr(), text.len());
        sys::rd_kafka_AdminOptions_set_broker(options.as_ptr(), broker, text.as_mut_ptr(), text.len());
    }
    // SAFETY: everything that is handed over lives and is copied where it is kept.
    unsafe { sys::rd_kafka_DescribeTopics(client, topics.as_ptr(), options.as_ptr(), queue.as_ptr()) };
    // SAFETY: the queue lives; the event is ours.
    Owned::new(unsafe { sys::rd_kafka_queue_poll(queue.as_ptr(), timeout_ms) }, sys::rd_kafka_event_destroy)
}

fn identities(event: &Owned<sys::rd_kafka_event_t>) -> BTreeMap<String, String> {
    // SAFETY: the event lives; a call that fits another kind of event answers null, which is looked at.
    let answer = unsafe { sys::rd_kafka_event_DescribeTopics_result(event.as_ptr()) };
    if answer.is_null() {
        return BTreeMap::new();
    }
    let mut count = 0;
    // SAFETY: the answer lives as long as the event, and the array has `count` entries.
    let topics = unsafe { sys::rd_kafka_DescribeTopics_result_topics(answer, &mut count) };
    if topics.is_null() {
        return BTreeMap::new();
    }
    // SAFETY: as above.
    let topics = unsafe { std::slice::from_raw_parts(topics, count) };
    topics.iter().filter_map(|topic| identity(*topic)).collect()
}

/// Name and identity; a topic of nought bits has none.
fn identity(topic: *const sys::rd_kafka_TopicDescription_t) -> Option<(String, String)> {
    // SAFETY: the description, its error, name and identity live as long as the event that the caller holds; texts
    // are C strings.
    unsafe {
        let error = sys::rd_kafka_TopicDescription_error(topic);
        if !error.is_null() && sys::rd_kafka_error_code(error) != Code::RD_KAFKA_RESP_ERR_NO_ERROR {
            return None;
        }
        let id = sys::rd_kafka_TopicDescription_topic_id(topic);
        if id.is_null() {
            return None;
        }
        let bits = (sys::rd_kafka_Uuid_most_significant_bits(id), sys::rd_kafka_Uuid_least_significant_bits(id));
        let (name, text) = (sys::rd_kafka_TopicDescription_name(topic), sys::rd_kafka_Uuid_base64str(id));
        if bits == (0, 0) || name.is_null() || text.is_null() {
            return None;
        }
        let (name, text) = (CStr::from_ptr(name).to_str().ok()?, CStr::from_ptr(text).to_str().ok()?);
        Some((name.to_owned(), text.to_owned()))
    }
}

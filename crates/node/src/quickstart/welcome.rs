//! What the quickstart tells first: where it answers, and three questions to ask.

use std::fmt::Write;
use std::path::Path;

const QUESTIONS: [(&str, &str); 3] = [
    (
        "Impressions, clicks and cost by minute (timeseries)",
        r#"{"queryType":"timeseries","dataSource":"ads","granularity":"minute","intervals":["2000/3000"],"aggregations":[{"type":"longSum","name":"events","fieldName":"count"},{"type":"doubleSum","name":"cost","fieldName":"cost"}],"context":{"skipEmptyBuckets":true}}"#,
    ),
    (
        "The five campaigns that cost most (topN)",
        r#"{"queryType":"topN","dataSource":"ads","granularity":"all","intervals":["2000/3000"],"dimension":"campaign","metric":"cost","threshold":5,"aggregations":[{"type":"longSum","name":"events","fieldName":"count"},{"type":"doubleSum","name":"cost","fieldName":"cost"}]}"#,
    ),
    (
        "Orders by province and status (groupBy)",
        r#"{"queryType":"groupBy","dataSource":"orders","granularity":"all","intervals":["2000/3000"],"dimensions":["province","status"],"aggregations":[{"type":"longSum","name":"orders","fieldName":"count"},{"type":"doubleSum","name":"amount","fieldName":"amount"},{"type":"HLLSketchMerge","name":"buyers","fieldName":"buyers"}],"limitSpec":{"type":"default","limit":10,"columns":[{"dimension":"amount","direction":"descending"}]}}"#,
    ),
];

/// The text for a store at `url`.
pub fn text(url: &str, data_dir: &Path) -> String {
    let mut out = format!("\nDolmen answers at {url}, open it in a browser; its data is in {}\n", data_dir.display());
    for (title, query) in QUESTIONS {
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "\n# {title}\ncurl -s -H 'Content-Type: application/json' '{url}/druid/v2?pretty' -d '{query}'\n"
        );
    }
    out.push_str("\nCtrl-C seals what was read and ends.\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_can_be_asked() {
        for (title, query) in QUESTIONS {
            query::Query::parse(query.as_bytes()).unwrap_or_else(|error| panic!("{title}: {error}"));
            assert!(!query.contains('\''), "{title} must fit into quotes of a shell");
        }
    }
}

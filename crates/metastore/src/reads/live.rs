use serde::{Deserialize, Serialize};

use crate::records::{Datasource, Lane, Segment, Source};
use crate::store::Store;
use crate::table::{Filter, Tx};
use crate::verbs::open_generation;
use crate::{Error, Result};

/// Everything a broker needs of a datasource, as of one snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LiveSet {
    pub datasource: Datasource,
    /// Live segments by time chunk, version and partition number.
    pub segments: Vec<Segment>,
    pub sources: Vec<Source>,
    /// Lanes of the present generation of each source.
    pub lanes: Vec<Lane>,
}

/// What changed since a snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    pub datasource: Datasource,
    pub since: i64,
    /// Live now, made live or brought back after `since`.
    pub added: Vec<Segment>,
    /// Ids of segments that were live at `since` and are not now.
    pub removed: Vec<String>,
    pub sources: Vec<Source>,
    pub lanes: Vec<Lane>,
}

async fn datasource(tx: &mut Tx, datasource_id: &str) -> Result<Datasource> {
    let found: Option<Datasource> = tx.one(Filter::all().eq_text("datasource_id", datasource_id)).await?;
    found.ok_or_else(|| Error::missing("datasource", datasource_id))
}

async fn sources_and_lanes(tx: &mut Tx, datasource_id: &str) -> Result<(Vec<Source>, Vec<Lane>)> {
    let of_this = Filter::all().eq_text("datasource_id", datasource_id).up("source_id");
    let sources: Vec<Source> = tx.find(of_this).await?;
    let mut lanes = Vec::new();
    for source in &sources {
        lanes.extend(tx.find::<Lane>(open_generation(&source.source_id, source.source_gen)).await?);
    }
    Ok((sources, lanes))
}

fn in_order(filter: Filter) -> Filter {
    filter.up("start").up("end").up("version").up("partition_num")
}

impl Store {
    pub async fn live(&self, datasource_id: &str) -> Result<LiveSet> {
        let tx = &mut self.read().await?;
        let datasource = datasource(tx, datasource_id).await?;
        let of_this = Filter::all().eq_text("datasource_id", datasource_id).null("removed_at");
        let segments = tx.find(in_order(of_this)).await?;
        let (sources, lanes) = sources_and_lanes(tx, datasource_id).await?;
        Ok(LiveSet { datasource, segments, sources, lanes })
    }

    pub async fn changes(&self, datasource_id: &str, since: i64) -> Result<Changes> {
        let tx = &mut self.read().await?;
        let datasource = datasource(tx, datasource_id).await?;
        let of_this = || Filter::all().eq_text("datasource_id", datasource_id);
        let mut added: Vec<Segment> = tx.find(in_order(of_this().null("removed_at").gt("added_at", since))).await?;
        let restored = of_this().null("removed_at").gt("restored_at", since).le("added_at", since);
        added.extend(tx.find::<Segment>(in_order(restored)).await?);
        let gone = of_this().gt("removed_at", since).le("added_at", since).up("seg_id");
        let gone: Vec<Segment> = tx.find(gone).await?;
        let removed = gone.into_iter().map(|segment| segment.seg_id).collect();
        let (sources, lanes) = sources_and_lanes(tx, datasource_id).await?;
        Ok(Changes { datasource, since, added, removed, sources, lanes })
    }

    pub async fn datasources(&self) -> Result<Vec<Datasource>> {
        self.read().await?.find(Filter::all().up("name")).await
    }

    pub async fn datasource(&self, name: &str) -> Result<Option<Datasource>> {
        self.read().await?.one(Filter::all().eq_text("name", name)).await
    }

    pub async fn segments(&self, datasource_id: &str) -> Result<Vec<Segment>> {
        let of_this = Filter::all().eq_text("datasource_id", datasource_id);
        self.read().await?.find(in_order(of_this)).await
    }

    pub async fn segments_by_id(&self, seg_ids: &[String]) -> Result<Vec<Segment>> {
        let these = Filter::all().one_of("seg_id", seg_ids.iter().cloned()).up("seg_id");
        self.read().await?.find(these).await
    }

    pub async fn sources(&self, supervisor_id: &str) -> Result<Vec<Source>> {
        let of_this = Filter::all().eq_text("supervisor_id", supervisor_id).up("source_id");
        self.read().await?.find(of_this).await
    }

    pub async fn lanes(&self, source_id: &str) -> Result<Vec<Lane>> {
        let tx = &mut self.read().await?;
        let source: Option<Source> = tx.one(Filter::all().eq_text("source_id", source_id)).await?;
        let source = source.ok_or_else(|| Error::missing("source", source_id))?;
        tx.find(open_generation(source_id, source.source_gen)).await
    }
}

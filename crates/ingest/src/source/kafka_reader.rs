//! Which client reads records: our own where it can, the driver where it cannot.

use std::sync::Arc;

use rdkafka::config::ClientConfig;
use timeline::Clock;

use super::kafka::KafkaReader;
use super::wire::{NotCovered, Settings, WireReader};
use super::{FetchedBatch, Partition, PollLimits, Reader, SourceError};

/// Reads by our own client as long as that can. What it cannot read, it says before it has handed anything on, so that
/// the driver goes on from the same positions.
pub(super) struct ChosenReader {
    config: ClientConfig,
    client: Client,
}

enum Client {
    Own(Box<WireReader>),
    Driver(KafkaReader),
}

impl ChosenReader {
    pub(super) fn new(config: &ClientConfig, clock: Arc<dyn Clock>) -> Result<ChosenReader, SourceError> {
        let client = match Settings::of(&config.config_map(), clock) {
            Some(settings) => Client::Own(Box::new(WireReader::new(settings))),
            None => Client::Driver(KafkaReader::new(config)?),
        };
        Ok(ChosenReader { config: config.clone(), client })
    }

    fn leave_to_driver(&mut self, why: &str) -> Result<(), SourceError> {
        let Client::Own(own) = &self.client else { return Ok(()) };
        tracing::info!(why, "records are read by the driver");
        let mut driver = KafkaReader::new(&self.config)?;
        driver.assign(&own.positions())?;
        let paused = own.paused();
        if !paused.is_empty() {
            driver.pause(&paused, true)?;
        }
        self.client = Client::Driver(driver);
        Ok(())
    }
}

impl Reader for ChosenReader {
    fn assign(&mut self, starts: &[(Partition, i64)]) -> Result<(), SourceError> {
        match &mut self.client {
            Client::Own(own) => {
                own.assign(starts);
                Ok(())
            }
            Client::Driver(driver) => driver.assign(starts),
        }
    }

    fn pause(&mut self, partitions: &[Partition], paused: bool) -> Result<(), SourceError> {
        match &mut self.client {
            Client::Own(own) => {
                own.pause(partitions, paused);
                Ok(())
            }
            Client::Driver(driver) => driver.pause(partitions, paused),
        }
    }

    fn poll(&mut self, limits: PollLimits, out: &mut Vec<FetchedBatch>) -> Result<(), SourceError> {
        match &mut self.client {
            Client::Own(own) => match own.poll(limits, out) {
                Ok(told) => told,
                Err(NotCovered(why)) => self.leave_to_driver(&why),
            },
            Client::Driver(driver) => driver.poll(limits, out),
        }
    }

    fn give_back(&mut self, spent: FetchedBatch) {
        match &mut self.client {
            Client::Own(own) => own.give_back(spent),
            Client::Driver(driver) => driver.give_back(spent),
        }
    }
}

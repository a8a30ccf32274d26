//! One suite for every database: each case starts on an empty store.

mod configs;
mod jobs;
mod lanes;
mod objects;
mod publish;
mod reads;
mod replace;
mod sources;
mod specs;
mod tasks;
mod world;

use std::pin::Pin;

pub(crate) use world::{START, World};

type Case = fn(World) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// Lists async functions as cases.
macro_rules! cases {
    ($($module:ident::{$($case:ident),* $(,)?}),* $(,)?) => {
        pub(crate) const CASES: &[(&str, Case)] = &[$($(
            (concat!(stringify!($module), "::", stringify!($case)), |world| Box::pin($module::$case(world))),
        )*)*];
    };
}

cases! {
    lanes::{
        a_leader_keeps_its_lease, open_gives_lanes_once, assign_needs_the_leader, assign_raises_the_epoch_once,
        renew_tells_lanes_apart, a_halt_needs_an_operator, skip_moves_by_equality, barriers_stand_in_order,
    },
    publish::{
        a_cut_moves_all_at_once, the_same_cut_is_already_done, another_digest_is_an_alarm, a_zombie_is_fenced,
        a_twin_epoch_is_fenced_by_its_nonce, offsets_move_by_equality, books_balance, weights_balance,
        objects_are_announced, a_refused_cut_leaves_nothing, several_versions_in_one_cut, a_cut_without_rows,
        dead_letters_come_with_the_cut, a_lane_of_another_datasource_is_refused, ids_are_never_given_twice,
    },
    replace::{
        compaction_keeps_totals, changed_totals_are_refused, a_lossy_job_may_change_totals, inputs_must_be_live,
        an_overwrite_leaves_later_rows, an_overwrite_meets_a_replaced_segment, a_partly_covered_segment_is_rewritten,
        a_replaced_interval_has_a_new_version, replace_is_idempotent,
    },
    jobs::{a_job_has_one_worker, a_lost_job_is_fenced, append_is_idempotent, a_done_job_announces_nothing},
    objects::{
        intend_is_guarded, intend_is_idempotent, doom_waits_for_grace, doom_waits_for_readers, a_doomed_object_stays_doomed,
        forget_needs_doom, retire_and_undo, undo_never_brings_back_replaced, retire_asks_for_authority,
    },
    sources::{
        register_once, rebase_starts_a_generation, rebase_compares, old_lanes_take_nothing,
        an_accepted_loss_is_taken_back,
    },
    specs::{versions_follow, history_shows_all},
    tasks::{a_task_is_created_once, a_task_ends_once, tasks_are_filtered, locks_go_with_their_task},
    configs::{values_have_versions, deleted_values_are_gone},
    reads::{changes_lead_from_snapshot_to_snapshot, ledger_sums_by_task, audit_tells_who, commits_are_announced},
}

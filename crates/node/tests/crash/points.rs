//! Every named point at which a kill makes a state of its own.

use crate::case::{Crash, Stimulus};

macro_rules! crashes {
    ($($name:ident: $crash:expr;)*) => {
        $(
            #[test]
            fn $name() {
                $crash.run();
            }
        )*
    };
}

crashes! {
    i1_after_a_poll: Crash::at("I1");
    i1_after_the_third_poll: Crash::at("I1:3");
    i2_inside_an_open_chunk: Crash::at("I2:2");
    i3_after_a_dead_letter: Crash::at("I3").on(Stimulus::Poison);
    i4_after_a_spec_before_its_barrier: Crash::at("I4:2").on(Stimulus::NewSpec);
    i4_after_the_first_spec: Crash::at("I4");
    i5_after_a_barrier: Crash::at("I5:3").on(Stimulus::NewSpec);

    p1_before_spill_files: Crash::at("P1").while_spilling();
    p1_before_later_spill_files: Crash::at("P1:4").while_spilling();
    p2_before_spill_files_are_synced: Crash::at("P2").while_spilling();
    p3_before_the_manifest: Crash::at("P3").while_spilling();
    p4_inside_the_manifest_record: Crash::at("P4:2").while_spilling();
    p5_after_the_manifest: Crash::at("P5:2").while_spilling();

    u1_before_the_id_of_a_cut: Crash::at("U1");
    u2_before_the_intent: Crash::at("U2");
    u2_again_and_again: Crash::at("U2").times(3);
    u3_after_the_intent: Crash::at("U3:2");
    u4_while_uploading: Crash::at("U4");
    u4_while_uploading_later: Crash::at("U4:5");
    u5_after_an_upload: Crash::at("U5:2");
    u7_before_publishing: Crash::at("U7");
    u7_again_and_again: Crash::at("U7").times(3);

    b1_before_publishing_arrives: Crash::at("B1:2");
    b2_inside_the_transaction: Crash::at("B2");
    b3_after_the_commit: Crash::at("B3");
    b3_again_and_again: Crash::at("B3").times(3);
    b4_before_it_knows: Crash::at("B4");
    b4_before_it_knows_later: Crash::at("B4:3");

    c1_holding_a_job: Crash::at("C1").while_merging();
    c2_while_merging: Crash::at("C2").while_merging();
    c2_while_merging_again_and_again: Crash::at("C2").times(3).while_merging();
    c3_after_the_intent_of_a_merge: Crash::at("C3").while_merging();
    c3_after_the_upload_of_a_merge: Crash::at("C3:2").while_merging();
    c4_after_a_merge_is_recorded: Crash::at("C4").while_merging();
    c4_after_a_later_merge_is_recorded: Crash::at("C4:4").while_merging();

    m1_in_the_first_commit: Crash::at("M1");
    m1_in_an_early_commit: Crash::at("M1:4");
    m1_in_a_later_commit: Crash::at("M1:9");
    m1_in_a_late_commit: Crash::at("M1:25");
    m5_in_a_migration: Crash::at("M5");
}

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Do the unit tests see it when code that decides about money is wrong?

    tests/mutants.py [--keep] [--list] [--places] [WORD...]

Makes a copy of the sources, and in it one small change at a time: builds, runs the named unit tests, and prints "killed"
(a test fails) or "SURVIVED". WORD: only mutants whose file or words have one of these in them. By hand, some ten minutes for
all; the last line counts. The exit code is 0 when none survives but those that say why no test can see them ("equal").

A change is told by the text that it replaces, which must be in its file exactly once: where the code has moved on, the
mutant is "STALE" and the run fails, until somebody says what the mutant is now. --places looks for that alone (tests/mutants.sh).
"""
import os
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
SETUP = ['-Dsandbox=disabled', '-Dfuzz=disabled', '-Db_lto=false', '-Doptimization=0']


class Mutant:
    """`what` is wrong after `old` was replaced by `new` in `file`; `tests` have to see it, or `equal` says why none can."""

    def __init__(self, file, what, old, new, tests, equal=None):
        self.file, self.what, self.old, self.new, self.tests, self.equal = file, what, old, new, tests.split(), equal


MUTANTS = [
    # --- before the POST ---
    Mutant('fs/queue/queue_submit.c', 'SUBMITTING is not fsynced',
           'store_run(store, true, write_submitting, &(struct sending){queue, record})', 'store_run(store, false, write_submitting, &(struct sending){queue, record})',
           'queue'),
    Mutant('fs/queue/queue_submit.c', 'the prompt is not synced before the POST',
           'return fdatasync(fd) < 0 ? -errno : store_data_sync(store);', 'return store_data_sync(store);', 'queue'),
    Mutant('fs/queue/queue_submit.c', 'the directory of the prompt is not synced before the POST',
           'return fdatasync(fd) < 0 ? -errno : store_data_sync(store);', 'return fdatasync(fd) < 0 ? -errno : 0;',
           'queue'),
    Mutant('fs/queue/queue_submit.c', 'a prompt that cannot be synced is sent',
           'if (r == 0)\n\t\tr = sync_prompt(store, place.ino);',
           'if (r == 0)\n\t\tsync_prompt(store, place.ino);', 'queue'),
    Mutant('fs/queue/queue_submit.c', 'no room is kept back for the answer',
           'int r = store_reserve_make(store);', 'int r = 0;', 'queue_answer'),
    Mutant('fs/queue/queue_submit.c', 'a submission is not counted',
           'return r < 0 ? r : spend_add(store, day, api_request_number(record->body));',
           'return r;', 'queue'),
    Mutant('fs/queue/queue_submit.c', 'a SUBMITTING that could not be recorded is sent',
           'if (r < 0) {\n\t\twait_for_disk(queue, job, r);\n\t\treturn;\n\t}',
           'if (r < 0)\n\t\twait_for_disk(queue, job, r);', 'queue'),
    Mutant('fs/queue/queue_submit.c', 'a SUBMITTING that could not be recorded stays so in memory',
           'job_set_state(job, JOB_QUEUED);\n\t\trecord->submitted = 0;', 'record->submitted = 0;', 'queue'),
    Mutant('fs/queue/queue_submit.c', 'a failed api_submit is ignored',
           'if (r < 0)\n\t\tqueue_not_sent(queue, job, strerror(-r));', '(void)r;', 'queue'),
    Mutant('fs/queue/queue_submit.c', 'the day\'s limit is one too many',
           'today + number > limit',
           'today + number > limit + 1', 'queue'),
    Mutant('fs/queue/queue_submit.c', 'what a person has released is held again',
           'if (job->released)\n\t\treturn 0;', '', 'queue'),
    Mutant('fs/queue/queue_submit.c', 'a copied account sends what may have been sent from elsewhere',
           'if (job->record.id <= store_hold_up_to(queue->needs.store))', 'if (false)', 'inputs'),
    # --- who may go when ---
    Mutant('fs/queue/queue_pump.c', 'no gap between two POSTs',
           'int64_t open = queue_gap_next_ms(&queue->gap);', 'int64_t open = 0;', 'queue'),
    Mutant('fs/queue/queue_pump.c', 'two POSTs at a time',
           ' || queue->posting != NULL ||',
           ' ||', 'queue'),
    Mutant('fs/queue/queue_pump.c', 'one task too many at once',
           'queue_active(queue) >= queue->needs.max_active', 'queue_active(queue) > queue->needs.max_active', 'queue'),
    Mutant('fs/queue/queue_pump.c', 'something is sent after the stop',
           'queue->needs.read_only || queue->stopping ||',
           'queue->needs.read_only ||', 'queue'),
    Mutant('fs/queue/queue_pump.c', 'a queue that is paused goes on',
           'queue->pause != QUEUE_RUNS ||', 'false ||', 'queue_answer'),
    Mutant('fs/queue/queue_pump.c', 'a refusal that said when is not waited for',
           'if (open < queue->not_before)\n\t\topen = queue->not_before;', '', 'queue_answer'),
    Mutant('fs/queue/queue_pump.c', 'an old text is sent while the prompt is changed',
           'node.draft != DRAFT_NONE;', 'node.draft == 99;', 'queue'),
    Mutant('fs/queue/queue_pump.c', 'what the disk refused is not recorded again',
           'if (job->unsaved)\n\t\tsave_again(queue, job);\n\telse if', 'if', 'queue_answer queue_poll'),
    # --- what an answer means ---
    Mutant('fs/queue/queue_answer.c', 'PENDING with the task\'s number is not fsynced',
           'job_change(job, JOB_PENDING, true)', 'job_change(job, JOB_PENDING, false)', 'queue'),
    Mutant('fs/queue/queue_state.c', 'UNKNOWN and FAILED are not fsynced',
           'job_change(job, state, true)', 'job_change(job, state, false)', 'queue_answer queue_poll'),
    Mutant('fs/queue/queue_answer.c', 'a refusal is not fsynced',
           'job_change(job, JOB_QUEUED, true)', 'job_change(job, JOB_QUEUED, false)', 'queue_answer'),
    Mutant('fs/queue/queue_answer.c', 'an uncertain answer is taken for one that never left',
           'case API_UNCERTAIN:\n\t\tqueue_post_ended(queue, job);\n\t\texplain_loss(&answer->error, why);\n'
           '\t\tqueue_lost_answer(queue, job, why);',
           'case API_UNCERTAIN:\n\t\texplain_loss(&answer->error, why);\n\t\tqueue_not_sent(queue, job, why);',
           'queue_answer'),
    Mutant('fs/api/client.c', 'a reset counts as not sent',
           '.not_sent = !end->maybe_sent,', '.not_sent = true,', 'queue_answer'),
    Mutant('fs/api/client.c', 'a POST may be repeated by the library',
           '.once = post != NULL,', '.once = false,', 'queue'),
    Mutant('fs/queue/queue_answer.c', 'an ambiguous 1001 is repeated for ever',
           'error->code_ambiguous && job->record.attempts + 1 >= AMBIGUOUS_MAX', 'false', 'queue_answer'),
    Mutant('fs/queue/queue_answer.c', 'refused submissions stay counted',
           'if (store_run(queue->needs.store, false, count_less, &job->record) < 0)',
           'if (false && count_less != NULL)', 'queue'),
    Mutant('fs/queue/queue_answer.c', 'attempts are not counted',
           'job->record.attempts++;', '', 'queue_answer'),
    Mutant('fs/queue/queue_answer.c', 'blind to a text that has changed on its way',
           'return r == -ENOENT || (r == 0 && node.job != job->record.id);', 'return r == -ENOENT;', 'queue_answer'),
    Mutant('fs/queue/queue_answer.c', 'blind to a prompt that was removed on its way',
           'if (prompt == 0)\n\t\treturn true;', 'if (prompt == 0)\n\t\treturn false;', 'queue_answer'),
    Mutant('fs/queue/queue_answer.c', 'an unwanted submission that came back stays counted',
           'if (r == 0)\n\t\tr = spend_take_back(store, day, unwanted->results);',
           '', 'queue_answer'),
    Mutant('fs/queue/queue_answer.c', 'too few credits do not pause the queue',
           'send_later(queue, job, 0, QUEUE_PAUSED_CREDITS, why)', 'send_later(queue, job, 0, QUEUE_RUNS, why)',
           'queue_answer'),
    Mutant('fs/queue/queue_balance.c', 'a balance that has not risen lets the queue go on',
           'balance > queue->pause_balance', 'balance >= queue->pause_balance', 'queue_answer'),
    Mutant('fs/queue/queue_answer.c', 'the day\'s limit of the service is asked for at once',
           'int64_t wait = until_tomorrow();',
           'int64_t wait = until_tomorrow() > 0 ? 1000 : 0;', 'queue_answer'),
    Mutant('fs/queue/queue_answer.c', 'a model that refuses is asked again at once',
           'job->not_before = clock_mono_ms() + wait;\n\tsend_back(queue, job, why);\n}\n\nstatic void on_daily_limit',
           'send_back(queue, job, why);\n}\n\nstatic void on_daily_limit', 'queue_answer',
           equal='its model is held for as long (queue_models.h)'),
    Mutant('fs/queue/queue_pump.c', 'a model that refuses is asked again for its next prompt',
           'int64_t when = model > open ? model : open;', 'int64_t when = model > 0 ? open : open;',
           'queue_answer'),
    Mutant('fs/queue/queue_pump.c', 'one model that refuses holds all others',
           '*ret_wake = when < *ret_wake ? when : *ret_wake;\n\t\t\tcontinue;', 'return NULL;', 'queue_answer'),
    Mutant('fs/queue/queue_pump.c', 'a model that was refused lately comes before the others',
           'return !line_is_behind;', 'return line_is_behind;', 'queue_answer'),
    Mutant('fs/job/job.c', 'the reserve is not used for a task\'s number',
           'if (r == -ENOSPC && store_reserve_use(store))', 'if (false)', 'queue_answer'),
    Mutant('fs/job/job.c', 'a record that was refused counts as saved',
           'job->unsaved = r < 0;', 'job->unsaved = false;', 'queue_answer queue_poll'),
    Mutant('fs/store/spend.c', 'the day\'s count goes below zero',
           'max(submissions - ?, 0)',
           'submissions - ?', 'store'),
    # --- following a task, and its end ---
    Mutant('fs/queue/queue_success.c', 'the addresses of what was made are not fsynced',
           'int r = store_run(store, true, write_success, &success);',
           'int r = store_run(store, false, write_success, &success);', 'queue'),
    Mutant('fs/queue/queue_success.c', 'the reserve is not used for an answer that is the result',
           'if (r == -ENOSPC && store_reserve_use(store))', 'if (false)', 'queue_poll'),
    Mutant('fs/queue/queue_success.c', 'an end that was refused stays SUCCESS in memory',
           'if (r < 0) {\n\t\tjob_set_state(job, before);', 'if (r < 0) {', 'queue_poll'),
    Mutant('fs/queue/queue_state.c', 'nobody comes back to an end that was refused',
           'queue_wake(queue);\n\t\treturn;', 'return;', 'queue_poll'),
    Mutant('fs/queue/queue_resume.c', 'SUBMITTING is not UNKNOWN after a kill',
           'if (job->record.state == JOB_SUBMITTING)\n\t\tqueue_lost_answer',
           'if (job->record.state == JOB_STATE_COUNT)\n\t\tqueue_lost_answer', 'queue_resume'),
    Mutant('fs/queue/queue_resume.c', 'a task whose number is lost is waited for',
           'else if (job_state_is_active(job->record.state) && job->task_count == 0)', 'else if (false)',
           'queue_resume'),
    Mutant('fs/queue/queue_resume.c', 'a mount forgets that the service asked to wait',
           'if (wait <= 0)\n\t\treturn;', 'return;', 'queue_resume'),
    Mutant('fs/queue/queue_resume.c', 'a clock that was set back is believed',
           'if (clock_is_back || wait > CLOCK_DAY_MS + CLOCK_DAY_MS / 12)', 'if (false)', 'queue_resume'),
    # --- from a text to a job ---
    Mutant('fs/tree/draft.c', 'an examination that failed is not repeated',
           'that may stay full */\n\t\tloop_timer_arm(draft->timer, wait);', 'that may stay full */', 'draft'),
    Mutant('fs/tree/draft.c', 'a text whose write failed is sent',
           'if (draft->cut || (draft->marked && draft->failed)) {', 'if (draft->cut) {', 'draft'),
    Mutant('fs/tree/draft.c', 'a text that was cut short is sent',
           'save_mark(drafts, ino, DRAFT_CUT)', 'save_mark(drafts, ino, DRAFT_CLOSED)', 'draft'),
    Mutant('fs/tree/draft.c', 'a text that was cut short within settle is sent',
           'draft->marked = draft->pending = draft->cut = false;', 'draft->marked = draft->cut = false;', 'draft'),
    Mutant('fs/mount/flush_look.c', 'a killed writer is not seen',
           '(flags & both) == both', '(flags & both) == 0', 'flush'),
    Mutant('fs/mount/flush.c', 'what is known when the loop is late does not count',
           'worker_drain_for(flushes->worker, 0);', '', 'flush'),
    Mutant('fs/tree/draft.c', 'submit sends while somebody writes',
           'if (draft != NULL && has_writers(draft))\n\t\treturn -EBUSY;', '', 'draft'),
    Mutant('fs/tree/draft.c', 'half a text is sent after a kill',
           'return node->draft == DRAFT_OPEN || node->draft == DRAFT_CUT ? 0 : ids_add(arg, node->ino);',
           'return ids_add(arg, node->ino);', 'queue_resume'),
    Mutant('fs/tree/draft.c', 'the bytes change before the mark is on the disk',
           'int r = draft->marked ? 0 : save_mark(drafts, ino, DRAFT_OPEN);',
           'int r = 0;\n\tif (!draft->marked)\n\t\tsave_mark(drafts, ino, DRAFT_OPEN);', 'draft'),
    Mutant('fs/tree/draft.c', 'it settles while somebody still writes',
           'writers_remove(drafts->needs->writers, ino);\n\tif (has_writers(draft))\n\t\treturn;',
           'writers_remove(drafts->needs->writers, ino);', 'draft'),
    Mutant('fs/tree/tree_place.c', 'a prompt that was removed is sent',
           'if (r == 0 && node->job != 0 && queue_can_cancel(tree->needs.queue, node->job)) {',
           'if (false) {', 'tree_change'),
    Mutant('fs/tree/tree_place.c', 'a refused rename forgets the draft',
           'if (r == 0)\n\t\tr = draft_mark(tree->drafts, node->ino, DRAFT_NONE);',
           'if (r == 0) {\n\t\tr = draft_mark(tree->drafts, node->ino, DRAFT_NONE);\n\t\tdraft_marked(tree->drafts, node->ino, false);\n\t}', 'tree_change'),
    # --- was it bought before? ---
    Mutant('fs/job/bought.c', 'FAILED with a task is bought again', 'return has_task;', 'return false;', 'paid'),
    Mutant('fs/job/bought.c', 'UNKNOWN is bought again', 'case JOB_SUCCESS:\n\tcase JOB_UNKNOWN:', 'case JOB_SUCCESS:',
           'paid'),
    Mutant('fs/job/bought.c', 'inputs are not compared', 'is_same_inputs(record->inputs, wish->inputs);', 'true;', 'paid'),
    Mutant('fs/job/bought.c', 'what this place bought earlier is not looked for',
           'int r = wish->place == 0 ? 0 : wishes_list_place(store, wish->place, find_here, search);', 'int r = 0;', 'paid'),
    Mutant('fs/job/bought.c', 'a wish whose prompt is gone is not taken up',
           'if (r < 0 || search->job == 0)\n\t\treturn r < 0 ? r : 0;\n\tbought->verdict = search->wait_ms',
           'if (r < 0 || search->job >= 0)\n\t\treturn r < 0 ? r : 0;\n\tbought->verdict = search->wait_ms', 'paid'),
    Mutant('fs/job/bought.c', 'another name is taken up after any time',
           'if (gone_ms >= OTHER_NAME_MS && strcmp(record->name, search->wish->name) != 0)\n\t\treturn 0;', '', 'paid'),
    Mutant('fs/job/bought.c', 'a copy is not known for one',
           'if (r >= 0 && search.job != 0) {', 'if (false) {', 'paid'),
    Mutant('fs/job/bought.c', 'a place never says that it asks for something else now',
           'if (!same && record->gone == 0)\n\t\treturn ids_add(&asking->gone, record->job);', '', 'paid wishes'),
    Mutant('fs/tree/draft_copies.c', 'a copy is sent at once',
           'return drafts->needs->copies_ms == 0;', 'return true;', 'paid'),
    Mutant('fs/job/wish.c', 'the model is no part of the wish',
           'int r = prompt_wish(directory, prompt, origins, &wish);', 'int r = prompt_wish("", prompt, origins, &wish);',
           'paid tree_change'),
    Mutant('fs/job/wish.c', 'take is no part of the request', 'add(&sha, take);', '', 'paid'),
    Mutant('fs/queue/purchase.c', 'a job that was taken up is not the place\'s',
           'r = wishes_take(store, job, wish->place, purchase->stem);', 'r = 0;', 'paid'),
    Mutant('fs/queue/purchase.c', 'a new job is not remembered as a wish',
           'r = is_new ? wishes_add(store, purchase->wish) : wishes_set_content(store, purchase->wish);',
           'r = is_new ? 0 : wishes_set_content(store, purchase->wish);', 'paid'),
    Mutant('fs/queue/purchase.c', 'results of an earlier text do not come back',
           'if (r == 0)\n\t\tr = bring_back(store, job, purchase->prompt->parent, purchase->stem);', '', 'paid'),
    Mutant('fs/tree/draft_examine.c', 'a dry run is sent', 'record->dry_run     ? JOB_HELD', 'record->dry_run     ? JOB_QUEUED',
           'paid'),
    Mutant('fs/tree/draft_examine.c', 'a text that was bought is INVALID once the catalogue has changed',
           'return judge_as_before(look, message != NULL ? message : "this prompt cannot be sent");',
           'return refuse(record, message != NULL ? message : "this prompt cannot be sent");', 'paid'),
    # --- from a task to names ---
    Mutant('fs/queue/first_bytes.c', 'a web page is taken for a picture',
           'if (strcmp(type, "html") == 0)', 'if (false)', 'harvest'),
    Mutant('fs/queue/first_bytes.c', 'an empty file is taken for a picture',
           'if (result->size < SMALLEST)', 'if (false)', 'harvest'),
    Mutant('fs/queue/harvest.c', 'new addresses are never asked for',
           'rounds % RENEW_EVERY == 0', 'false', 'harvest'),
    Mutant('fs/queue/harvest.c', 'what was paid for is given up after some attempts',
           ': GIVE_UP_MS;', ': 1000;', 'harvest'),
    Mutant('fs/queue/publish.c', 'the results\' names are not durable',
           'store_run(job->table->store, true, write_results, &all)', 'store_run(job->table->store, false, write_results, &all)',
           'publish'),
    Mutant('fs/queue/publish.c', 'older results stay in the way',
           'if (place->prompt == 0 || place->past)\n\t\treturn 0;',
           'return 0;', 'publish'),
    Mutant('fs/queue/publish.c', 'a publication that was refused counts as one',
           'if (r < 0) {\n\t\tjob_set_state(job, JOB_FETCHING);',
           'if (r < 0) {\n\t\tr = 0;', 'harvest'),
    Mutant('fs/queue/queue_ask.c', 'what was made and not fetched is made again',
           'if (r == 0 && (!made || !has_unfetched(queue, id)))\n\t\tr = -ENOENT;', 'if (r == 0)\n\t\tr = -ENOENT;',
           'harvest'),
    # --- inputs, which are paid for when they are wrong ---
    Mutant('fs/input/inputs_buy.c', 'a dry run with inputs is sent',
           'record.state = record.dry_run ? JOB_HELD : JOB_QUEUED;', 'record.state = JOB_QUEUED;', 'inputs'),
    Mutant('fs/input/inputs.c', 'something is uploaded for a prompt that is wrong',
           'find_worst(prompt, input)->verdict >= REFERENCE_MISSING', 'find_worst(prompt, input)->verdict > REFERENCE_WRONG',
           'inputs'),
    Mutant('fs/input/inputs.c', 'a verdict that the disk refused is never recorded',
           'else if (job_change(job, state, false) < 0)\n\t\tqueue_wake(inputs->needs.queue);',
           'else if (job_change(job, state, false) < 0)\n\t\t;', 'inputs'),
    Mutant('fs/input/reference.c', 'a dead address is sent',
           'if (r != -ESTALE)\n\t\treturn r < 0 ? r : 0;', 'return r < 0 && r != -ESTALE ? r : 0;', 'inputs'),
    Mutant('fs/input/reference.c', 'an address is sent before it was looked at',
           'if (r == 0)\n\t\treturn say(&look, REFERENCE_WAITS, "is looked at: does its address still live?");', '',
           'inputs'),
    # --- what was paid for and is in the cache ---
    Mutant('fs/fetch/evict.c', 'what cannot be fetched again is evicted',
           'if (evictor->fetchable) {', 'if (true) {', 'fetch'),
    Mutant('fs/fetch/evict.c', 'evicted where another file is behind the address',
           '(head->total < 0 || head->total == record->size) &&', '', 'fetch'),
    Mutant('fs/fetch/fetch_recover.c', 'bytes of two files are mixed',
           'if (error == -ESTALE) {', 'if (false) {', 'fetch'),
    Mutant('fs/queue/queue_after.c', 'one task of two that failed fails both',
           'if (failed == job->task_count) {', 'if (failed > 0) {', 'queue_poll'),
    Mutant('fs/queue/queue_after.c', 'an end that could not be recorded is not asked for again',
           'job_tell(job);\n\t\tqueue_ask_again(queue, job);\n\t\treturn;\n\t}\n\tqueue_learn',
           'job_tell(job);\n\t\treturn;\n\t}\n\tqueue_learn',
           'queue_poll'),
    Mutant('fs/queue/queue_after.c', 'tasks whose end could not be recorded keep their state',
           'job->tasks[i].state = TASK_WAITING;\n\t\tjob->poll_failures++;', ';\n\t\tjob->poll_failures++;', 'queue_poll',
           equal='what they have made is still in memory, so the next answer records the same'),
    Mutant('fs/queue/queue_step.c', 'a second request is sent that could not be recorded',
           '\t\t\tjob->record.id);\n\t\treturn false;\n\t}\n\tqueue->posting = job;', '\t\t\tjob->record.id);\n\t}\n\tqueue->posting = job;',
           'queue_step'),
    Mutant('fs/queue/queue_step.c', 'a second request whose answer was lost is sent again',
           'if (job->record.step_asked != 0) {\n\t\twait_on(job);\n\t\treturn false;\n\t}', 'wait_on(job);', 'queue_step'),
    Mutant('fs/queue/queue_step.c', 'a second request is sent from a mount that sends nothing',
           'return !queue->needs.read_only && ', 'return ', 'queue_step'),
    Mutant('fs/store/db.c', 'durable is not durable',
           'durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL"',
           '"PRAGMA synchronous=NORMAL"', 'queue'),
]


def run(command, cwd, timeout=600):
    try:
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired as late:
        return subprocess.CompletedProcess(command, 124, late.stdout or '', 'timed out')


def copy_sources(to):
    listed = run(['git', 'ls-files', '--cached', '--others', '--exclude-standard'], TOP).stdout.splitlines()
    for name in listed:
        source, target = os.path.join(TOP, name), os.path.join(to, name)
        if os.path.isfile(source):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy2(source, target)


def build_and_test(copy, tests):
    """What became of it: '' (all pass), the name of a test that failed, or 'does not build'."""
    build = os.path.join(copy, 'build')
    made = run(['ninja', '-C', build] + [f'tests/unit/test_{name}' for name in tests], copy)
    if made.returncode != 0:
        sys.stderr.write(made.stdout[-2000:])
        return 'does not build'
    environment = dict(os.environ, SOURCE_ROOT=copy)
    for name in tests:
        try:
            ended = subprocess.run([os.path.join(build, f'tests/unit/test_{name}')], cwd=build, env=environment,
                                   capture_output=True, timeout=120, check=False)
        except subprocess.TimeoutExpired:
            return name
        if ended.returncode != 0:
            return name
    return ''


def try_mutant(copy, mutant):
    path = os.path.join(copy, mutant.file)
    if not os.path.exists(path):
        return 'STALE', 'there is no such file'
    with open(path, encoding='utf-8') as file:
        text = file.read()
    if text.count(mutant.old) != 1:
        return 'STALE', f'its text is there {text.count(mutant.old)} times'
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text.replace(mutant.old, mutant.new))
    try:
        seen = build_and_test(copy, mutant.tests)
    finally:
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
    if seen == 'does not build':
        return 'STALE', seen
    if seen:
        return 'killed', f'by {seen}'
    return ('equal', mutant.equal) if mutant.equal else ('SURVIVED', ' '.join(mutant.tests))


def is_stale(mutant, top):
    with open(os.path.join(top, mutant.file), encoding='utf-8') as file:
        return file.read().count(mutant.old) != 1


def say_stale(mutants):
    stale = [mutant for mutant in mutants if is_stale(mutant, TOP)]
    for mutant in stale:
        print(f'{mutant.file}: {mutant.what}: its text is not there once; say in tests/mutants.py what the mistake looks like now')
    return 1 if stale else 0


def main():
    words = [word for word in sys.argv[1:] if not word.startswith('--')]
    chosen = [mutant for mutant in MUTANTS
              if not words or any(word in mutant.file + ' ' + mutant.what for word in words)]
    if '--list' in sys.argv:
        for mutant in chosen:
            print(f'{mutant.file}: {mutant.what}')
        return 0
    if '--places' in sys.argv:
        return say_stale(chosen)
    copy = tempfile.mkdtemp(prefix='weryaifs-mutants.')
    counts = {}
    try:
        copy_sources(copy)
        made = run(['meson', 'setup', 'build'] + SETUP, copy)
        tests = sorted({name for mutant in chosen for name in mutant.tests})
        failed = build_and_test(copy, tests) if made.returncode == 0 else made.stdout[-2000:]
        if failed:
            print(f'without any change: {failed}')
            return 1
        for mutant in chosen:
            what, why = try_mutant(copy, mutant)
            counts[what] = counts.get(what, 0) + 1
            print(f'{what:8} {mutant.file}: {mutant.what} ({why})', flush=True)
    finally:
        if '--keep' not in sys.argv:
            shutil.rmtree(copy, ignore_errors=True)
    print(f'{len(chosen)} mutants: ' + ', '.join(f'{counts[word]} {word}' for word in sorted(counts)))
    return 1 if counts.get('SURVIVED') or counts.get('STALE') else 0


if __name__ == '__main__':
    sys.exit(main())

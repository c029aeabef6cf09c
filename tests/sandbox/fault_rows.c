/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/fault_rows.h"

#include <string.h>

const struct fault_row fault_rows[FAULT_COUNT] = {
	[FAULT_SUBMIT_REJECT_DROP] = {"submit-reject-drop", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_401] = {"submit-401", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_403] = {"submit-403", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_429] = {"submit-429", TAKES_OPTIONAL, 1, false},
	[FAULT_SUBMIT_1001] = {"submit-1001", TAKES_NOTHING, 1, false},
	[FAULT_SUBMIT_1001_PARAM] = {"submit-1001-param", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_1001_EMPTY] = {"submit-1001-empty", TAKES_NOTHING, 1, false},
	[FAULT_SUBMIT_1002_AUTH] = {"submit-1002-auth", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_1004] = {"submit-1004", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_1007] = {"submit-1007", TAKES_NOTHING, 1, false},
	[FAULT_SUBMIT_1011] = {"submit-1011", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_1017] = {"submit-1017", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_6002] = {"submit-6002", TAKES_NOTHING, 1, false},
	[FAULT_SUBMIT_6010] = {"submit-6010", TAKES_NOTHING, 1, false},
	[FAULT_SUBMIT_6101] = {"submit-6101", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_MODERATION] = {"submit-moderation", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_CODE] = {"submit-code", TAKES_NUMBER, 0, false},
	[FAULT_REFUSE_MODEL] = {"refuse-model", TAKES_TEXT, 0, false},
	[FAULT_REFUSE_PROMPT] = {"refuse-prompt", TAKES_TEXT, 0, false},
	[FAULT_ANSWER] = {"answer", TAKES_NUMBER, 0, false},
	[FAULT_STATUS_ANSWER] = {"status-answer", TAKES_NUMBER, 0, false},
	[FAULT_SUBMIT_DROP] = {"submit-drop", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_500] = {"submit-500", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_HTML] = {"submit-html", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_TRUNCATED] = {"submit-truncated", TAKES_WORD, 0, false},
	[FAULT_SUBMIT_NO_ID] = {"submit-no-id", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_GARBAGE] = {"submit-garbage", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_HUGE] = {"submit-huge", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_DEEP] = {"submit-deep", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_SLOW] = {"submit-slow", TAKES_NUMBER, 0, false},
	[FAULT_STATUS_DROP] = {"status-drop", TAKES_NOTHING, 0, false},
	[FAULT_STATUS_500] = {"status-500", TAKES_NOTHING, 0, false},
	[FAULT_STATUS_HTML] = {"status-html", TAKES_NOTHING, 0, false},
	[FAULT_STATUS_TRUNCATED] = {"status-truncated", TAKES_WORD, 0, false},
	[FAULT_STATUS_1003] = {"status-1003", TAKES_NOTHING, 0, false},
	[FAULT_STATUS_NOTEXIST] = {"status-notexist", TAKES_NOTHING, 0, false},
	[FAULT_STATUS_GARBAGE] = {"status-garbage", TAKES_NOTHING, 0, false},
	[FAULT_STATUS_SLOW] = {"status-slow", TAKES_NUMBER, 0, false},
	[FAULT_STATUS_WEIRD] = {"status-weird", TAKES_NOTHING, 1, false},
	[FAULT_STATUS_FLIP] = {"status-flip", TAKES_NOTHING, 0, false},
	[FAULT_TASK_FAIL] = {"task-fail", TAKES_NOTHING, 0, true},
	[FAULT_TASK_FAIL_MODERATION] = {"task-fail-moderation", TAKES_NOTHING, 0, true},
	[FAULT_TASK_EMPTY] = {"task-empty", TAKES_NOTHING, 0, true},
	[FAULT_TASK_CANCELED] = {"task-canceled", TAKES_NOTHING, 0, true},
	[FAULT_SOUND_FAIL] = {"sound-fail", TAKES_NOTHING, 0, true},
	[FAULT_IMAGES] = {"images", TAKES_NUMBER, 0, true},
	[FAULT_SPLIT] = {"split", TAKES_NOTHING, 0, true},
	[FAULT_LIFETIME] = {"lifetime", TAKES_NUMBER, 0, true},
	[FAULT_SECONDS] = {"seconds", TAKES_NUMBER, 0, true},
	[FAULT_BYTES] = {"bytes", TAKES_NUMBER, 0, true},
	[FAULT_MOOV_LAST] = {"moov-last", TAKES_NUMBER, 0, true},
	[FAULT_FILE] = {"file", TAKES_TEXT, 0, true},
	[FAULT_BAD_URL] = {"bad-url", TAKES_OPTIONAL, 0, true},
	[FAULT_LONG_URL] = {"long-url", TAKES_NOTHING, 0, true},
	[FAULT_CDN_LYING_SUFFIX] = {"cdn-lying-suffix", TAKES_NOTHING, 0, true},
	[FAULT_WEBHOOK_LOST] = {"webhook-lost", TAKES_NOTHING, 0, true},
	[FAULT_WEBHOOK_EARLY] = {"webhook-early", TAKES_NOTHING, 0, true},
	[FAULT_WEBHOOK_TWICE] = {"webhook-twice", TAKES_NOTHING, 0, true},
	[FAULT_CDN_NORANGE] = {"cdn-norange", TAKES_NOTHING, 0, false},
	[FAULT_CDN_NOLENGTH] = {"cdn-nolength", TAKES_NOTHING, 0, false},
	[FAULT_CDN_BADLENGTH] = {"cdn-badlength", TAKES_NOTHING, 0, false},
	[FAULT_CDN_SHORTLENGTH] = {"cdn-shortlength", TAKES_NOTHING, 0, false},
	[FAULT_CDN_RESET] = {"cdn-reset", TAKES_NUMBER, 0, false},
	[FAULT_CDN_RESET_ONCE] = {"cdn-reset-once", TAKES_NUMBER, 1, false},
	[FAULT_CDN_STALL] = {"cdn-stall", TAKES_NUMBER, 0, false},
	[FAULT_CDN_STALL_ONCE] = {"cdn-stall-once", TAKES_NUMBER, 1, false},
	[FAULT_CDN_404] = {"cdn-404", TAKES_OPTIONAL, 0, false},
	[FAULT_CDN_403] = {"cdn-403", TAKES_NOTHING, 0, false},
	[FAULT_CDN_404_ONCE] = {"cdn-404-once", TAKES_NOTHING, 1, false},
	[FAULT_CDN_500_ONCE] = {"cdn-500-once", TAKES_NOTHING, 1, false},
	[FAULT_CDN_REDIRECT] = {"cdn-redirect", TAKES_NOTHING, 0, false},
	[FAULT_CDN_REDIRECT_FILE] = {"cdn-redirect-file", TAKES_NOTHING, 0, false},
	[FAULT_CDN_HTML] = {"cdn-html", TAKES_NOTHING, 0, false},
	[FAULT_CDN_CHANGED] = {"cdn-changed", TAKES_NOTHING, 0, false},
	[FAULT_CDN_EMPTY] = {"cdn-empty", TAKES_NOTHING, 0, false},
	[FAULT_CDN_GZIP] = {"cdn-gzip", TAKES_NOTHING, 0, false},
	[FAULT_CDN_SLOW] = {"cdn-slow", TAKES_NUMBER, 0, false},
	[FAULT_COVER_404] = {"cover-404", TAKES_NOTHING, 0, false},
	[FAULT_NO_ETAG] = {"no-etag", TAKES_NOTHING, 0, false},
	[FAULT_UPLOAD_DROP] = {"upload-drop", TAKES_NOTHING, 0, false},
	[FAULT_UPLOAD_500] = {"upload-500", TAKES_NOTHING, 0, false},
	[FAULT_UPLOAD_1014] = {"upload-1014", TAKES_NOTHING, 0, false},
	[FAULT_UPLOAD_1015] = {"upload-1015", TAKES_NOTHING, 0, false},
	[FAULT_UPLOAD_1102] = {"upload-1102", TAKES_NOTHING, 0, false},
	[FAULT_UPLOAD_2004] = {"upload-2004", TAKES_NOTHING, 0, false},
	[FAULT_CDN_HTTP] = {"cdn-http", TAKES_WAY, 0, false},
	[FAULT_ANSWER_SUBMIT] = {"answer-submit", TAKES_WAY, 0, false},
	[FAULT_ANSWER_SOUND] = {"answer-sound", TAKES_WAY, 0, false},
	[FAULT_ANSWER_STATUS] = {"answer-status", TAKES_WAY, 0, false},
	[FAULT_ANSWER_BATCH] = {"answer-batch", TAKES_WAY, 0, false},
	[FAULT_ANSWER_UPLOAD] = {"answer-upload", TAKES_WAY, 0, false},
	[FAULT_ANSWER_MODELS] = {"answer-models", TAKES_WAY, 0, false},
	[FAULT_ANSWER_BALANCE] = {"answer-balance", TAKES_WAY, 0, false},
};

const char *faults_name(enum fault_id id)
{
	return fault_rows[id].name;
}

void faults_print_names(FILE *file)
{
	int column = 0;

	for (int id = 0; id < FAULT_COUNT; id++) {
		static const char *const suffix[] = {"", "[=N]", "=N", "=TEXT", "[=cut]", "=WAY"};

		column += fprintf(file, "%s%s%s", column ? " " : "  ", fault_rows[id].name,
			suffix[fault_rows[id].takes]);
		if (column > 76) {
			fputc('\n', file);
			column = 0;
		}
	}
	if (column)
		fputc('\n', file);
}

bool fault_is_way(const char *text)
{
	static const char *const words[] = {
		"drop", "cut", "slow", "half", "garbage", "type", "empty", "gzip"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i], text) == 0)
			return true;
	size_t digits = strspn(text, "0123456789");
	return (digits == 3 || digits == 4) && (text[digits] == '\0' || text[digits] == '-');
}

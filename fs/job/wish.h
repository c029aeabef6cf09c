/* SPDX-License-Identifier: MIT */
#pragma once
/* wish: what a text asks for, as the hashes by which the ledger knows it again (fs/store/wishes.h). Pure. */
#include "fs/prompt/prompt.h"
#include "fs/store/wishes.h"

/* Of the text, without its inputs. `directory`: the model's, as struct model.dir. -ENOMEM. */
int wish_hash(const char *directory, const struct prompt *prompt, char hash[SHA256_TEXT]);
/* Of what is sent: endpoint, request and take. "" where there is no request. -ENOMEM. */
int wish_request(const char *mode, const char *body, const char *take, char hash[SHA256_TEXT]);
/* Why it is held, a sentence; NULL: the job says that itself. */
const char *wish_hold_text(enum wish_hold hold);

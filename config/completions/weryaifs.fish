# SPDX-License-Identifier: MIT
# Made by config/completions/make.py. fish completion for weryaifs(1)

function __weryaifs_accounts
    set -l state $XDG_STATE_HOME
    test -n "$state"; or set state ~/.local/state
    for directory in $state/weryaifs/*/
        basename $directory
    end
end

# the word after -o: items with commas between, the last one is completed
function __weryaifs_items
    set -l done (string match -r '^.*,' -- (commandline -ct | string replace -r '^-o' ''))
    printf "$done%s\t%s\n" \
        'account=' 'names the account: its state and cache are kept apart' \
        'base_url=' 'where the service is' \
        'models_base_url=' 'where the list of models is' \
        'key_file=' 'file with the API key, readable by you alone' \
        'key_command=' 'shell command that prints the API key' \
        'ca_file=' 'certificates that servers are checked against' \
        'proxy=' 'reach the service through this proxy' \
        'connect_timeout=' 'time for a connection to be made' \
        'request_timeout=' 'time for a whole question and its answer' \
        'trace=' 'file that every request and answer is written to, without the key' \
        'models_refresh=' 'how often the list of models is asked for; 0: the built-in one alone' \
        'settle=' 'time that a prompt stays closed before it is sent' \
        'settle_max=' 'the same, at most, for one that is saved again and again while its last job runs' \
        'copies_after=' 'a copy of another prompt is sent when no prompt was made, renamed or removed for so long' \
        'ask_above=' 'more results than this from one rename, or one table of prompts, are held; 0: none are' \
        'manual=yes' 'check prompts, send none unless told by submit' \
        'manual=no' 'check prompts, send none unless told by submit' \
        'max_active=' 'tasks that run at once; the others wait their turn' \
        'submit_gap=' 'time between two submissions' \
        'submit_gap_min=' 'the same, at least, where it is found by itself' \
        'submissions_per_day=' 'spending guard: more than this are held; 0 for no limit' \
        'credits_per_day=' 'the same in credits, as far as prices are known; 0 for no limit' \
        'unknown=refuse' 'models and values that the catalogue does not know' \
        'unknown=allow' 'models and values that the catalogue does not know' \
        'dry_run=yes' 'check prompts, send nothing, spend nothing' \
        'dry_run=no' 'check prompts, send nothing, spend nothing' \
        'first_poll=' 'time from a submission to the first question how it goes' \
        'poll_interval=' 'time between further questions' \
        'slow_poll_interval=' 'the same for jobs that take longer' \
        'slow_poll_after=' 'age from which a job is one that takes longer' \
        'results=lazy' 'fetch results when they are read and in quiet moments, at once, or when they are read' \
        'results=eager' 'fetch results when they are read and in quiet moments, at once, or when they are read' \
        'results=lazy-only' 'fetch results when they are read and in quiet moments, at once, or when they are read' \
        'keep_after=' 'by this time after it was made a result is fetched, read or not' \
        'keep=yes' 'throw nothing away that the service does not have any more' \
        'keep=no' 'throw nothing away that the service does not have any more' \
        'metadata=xattr' 'where prompt, model, task and settings of a result are: beside it, or in pictures themselves, too' \
        'metadata=embed' 'where prompt, model, task and settings of a result are: beside it, or in pictures themselves, too' \
        'sidecar=yes' 'X.json beside each result: what was asked for, and what was answered' \
        'sidecar=no' 'X.json beside each result: what was asked for, and what was answered' \
        'cache=yes' 'keep fetched results on disk' \
        'cache=no' 'keep fetched results on disk' \
        'cache_dir=' 'where fetched results are kept' \
        'cache_size=' 'results kept on disk, at most; 0 for no limit' \
        'stall_timeout=' 'time without a byte after which a transfer has failed' \
        'listen=' 'take the service'\''s callbacks here, as in 127.0.0.1:8080' \
        'public_url=' 'what the service reaches that address by; of prompts without a webhook' \
        'allow_other=yes' 'let other users in (needs user_allow_other in /etc/fuse.conf)' \
        'allow_other=no' 'let other users in (needs user_allow_other in /etc/fuse.conf)' \
        'uid=' 'owner of all files' \
        'gid=' 'group of all files' \
        'umask=' 'permission bits that no file has' \
        'no_readme=yes' 'no README.txt and MODELS.txt at the root of the mount' \
        'no_readme=no' 'no README.txt and MODELS.txt at the root of the mount' \
        'keeper=yes' 'let the mount outlive its daemon: open files and waiting programs go on' \
        'keeper=no' 'let the mount outlive its daemon: open files and waiting programs go on' \
        'confine=yes' 'let the daemon reach its own files and the service'\''s ports alone, or its files and all ports, or everything' \
        'confine=files' 'let the daemon reach its own files and the service'\''s ports alone, or its files and all ports, or everything' \
        'confine=no' 'let the daemon reach its own files and the service'\''s ports alone, or its files and all ports, or everything' \
        'ratio=' 'shape of the picture, as in 16:9' \
        'negative=' 'what should not be in the picture' \
        'number=' 'results of one prompt' \
        'resolution=' 'as in 720p or 2k' \
        'quality=' 'one of the model'\''s qualities' \
        'duration=' 'length of a video, in seconds' \
        'audio=yes' 'videos with sound' \
        'audio=no' 'videos with sound' \
        'web_search=yes' 'let the model look things up first' \
        'web_search=no' 'let the model look things up first' \
        'webhook=' 'URL that the service calls when a job ends' \
        'caller=' 'number that the service files jobs under' \
        'config=' 'read this configuration file' \
        'sandbox' 'try it out: no key, no costs' \
        'debug' 'log more' \
        'ro' 'read only' \
        'noexec' 'no programs are run from it' \
        'noatime' 'no times of reading' \
        'auto_unmount' 'unmount when the daemon dies'
end

complete -c weryaifs -x -a '(__fish_complete_directories (commandline -ct))'
complete -c weryaifs -s o -x -a '(__weryaifs_items)' -d 'settings of the list below, and mount options (ro, nosuid, ...)'
complete -c weryaifs -s f -l foreground -d 'stay in the foreground'
complete -c weryaifs -s d -l debug -d 'log more; implies -f'
complete -c weryaifs -l config -r -F -d 'read FILE, not ~/.config/weryaifs/weryaifs.conf'
complete -c weryaifs -l account -x -a '(__weryaifs_accounts)' -d 'the same as -o account=NAME'
complete -c weryaifs -l sandbox -d 'try it out: no key, no network, no costs; files are made by a small server here'
complete -c weryaifs -l check -d 'check configuration, API key and the account'\''s ledger and files; mount nothing'
complete -c weryaifs -l repair -d 'with --check: put right what needs no guessing; what has lost its place goes to .weryaifs/lost+found'
complete -c weryaifs -l online -d 'with --check: also ask the service what is free to ask, and say how its answers differ'
complete -c weryaifs -l set-key -d 'ask for the API key, try it, and store it in the key file, for you alone'
complete -c weryaifs -l keyring -d 'with --set-key: store it in the desktop'\''s keyring (secret-tool)'
complete -c weryaifs -l forget -x -d 'show what this machine has of an account, ask, and remove it; nothing at the service changes'
complete -c weryaifs -l restart -x -d 'go on with the program and the settings of now; open files and waiting programs stay'
complete -c weryaifs -s h -l help -d 'show this and exit'
complete -c weryaifs -s V -l version -d 'show the version and exit'

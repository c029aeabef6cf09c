# SPDX-License-Identifier: MIT
# Made by config/completions/make.py. bash completion for weryaifs(1); needs no bash-completion package, uses it where it is there

_weryaifs_item() # the word after -o: items with commas between, the last one is completed
{
	local done='' item=$1 keys value
	[[ $item == *,* ]] && done=${item%,*}, item=${item##*,}
	keys='account= base_url= models_base_url= key_file= key_command= ca_file= proxy= connect_timeout= request_timeout= trace= models_refresh= settle= settle_max= copies_after= ask_above= manual max_active= submit_gap= submit_gap_min= submissions_per_day= credits_per_day= unknown= dry_run first_poll= poll_interval= slow_poll_interval= slow_poll_after= results= keep_after= keep metadata= sidecar cache cache_dir= cache_size= stall_timeout= listen= public_url= allow_other uid= gid= umask= no_readme keeper confine= ratio= negative= number= resolution= quality= duration= audio web_search webhook= caller= config= sandbox debug ro noexec noatime auto_unmount'
	value=${item#*=}
	case $item in
	key_file=* | ca_file=* | trace=* | cache_dir=* | config=*)
		mapfile -t COMPREPLY < <(compgen -f -- "$value")
		COMPREPLY=("${COMPREPLY[@]/#/$done${item%%=*}=}")
		compopt -o nospace
		return
		;;
	manual=*) keys='manual=yes manual=no' ;;
	unknown=*) keys='unknown=refuse unknown=allow' ;;
	dry_run=*) keys='dry_run=yes dry_run=no' ;;
	results=*) keys='results=lazy results=eager results=lazy-only' ;;
	keep=*) keys='keep=yes keep=no' ;;
	metadata=*) keys='metadata=xattr metadata=embed' ;;
	sidecar=*) keys='sidecar=yes sidecar=no' ;;
	cache=*) keys='cache=yes cache=no' ;;
	allow_other=*) keys='allow_other=yes allow_other=no' ;;
	no_readme=*) keys='no_readme=yes no_readme=no' ;;
	keeper=*) keys='keeper=yes keeper=no' ;;
	confine=*) keys='confine=yes confine=files confine=no' ;;
	audio=*) keys='audio=yes audio=no' ;;
	web_search=*) keys='web_search=yes web_search=no' ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$keys" -- "$item")
	COMPREPLY=("${COMPREPLY[@]/#/$done}")
}

_weryaifs()
{
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} line

	# '=' is among the characters at which readline breaks words: put the -o item together again.
	line=${COMP_LINE:0:COMP_POINT}
	line=${line##*[[:blank:]]}
	if [[ ${COMP_LINE:0:COMP_POINT} =~ [[:blank:]]-o[[:blank:]]*[^[:blank:]]*$ ]]; then
		line=${line#-o}
		_weryaifs_item "$line"
		if [[ $COMP_WORDBREAKS == *=* && $line == *=* ]]; then
			COMPREPLY=("${COMPREPLY[@]#"${line%"${line##*=}"}"}")
		fi
		[[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
		return
	fi
	case $before in
	--config)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	--account | --forget)
		mapfile -t COMPREPLY < <(cd "${XDG_STATE_HOME:-$HOME/.local/state}/weryaifs" \
			2>/dev/null && compgen -d -- "$word")
		return
		;;
	esac
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '-o -f --foreground -d --debug --config --account --sandbox --check --repair --online --set-key --keyring --forget --restart -h --help -V --version' -- "$word")
	else
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
	fi
}

complete -F _weryaifs weryaifs

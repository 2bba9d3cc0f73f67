#!/usr/bin/env bash
# Makes the command line of `loadgate gate`, or of `loadgate publish`, of the action's inputs (WANTED_..) and runs LOADGATE_BINARY with it.
set -euo pipefail

# refuse MESSAGE: ends the step with exit code 2, as a wrong command line does: nothing was measured.
refuse() {
  echo "::error title=loadgate::$1"
  echo "exit-code=2" >>"$GITHUB_OUTPUT"
  exit 2
}

# The entries of a list separated by commas or lines, one a line, without blanks around them.
entries() {
  tr ',' '\n' <<<"$1" | sed -e 's/^[[:space:]]*//' -e 's/[[:space:]]*$//' -e '/^$/d'
}

# flag NAME VALUE: what is empty is left to the configuration.
flag() {
  if [ -n "$2" ]; then arguments+=("$1" "$2"); fi
}

of_gate() {
  arguments=(gate --config "$WANTED_CONFIG")
  flag --env "$WANTED_ENVIRONMENT"
  while IFS= read -r line; do
    flag --set "$line"
  done <<<"$WANTED_SET"
  if [ -n "$WANTED_TARGET" ]; then arguments+=(--set "target.base_url=$WANTED_TARGET"); fi

  if [ -n "$WANTED_ALLOWED_TARGETS" ]; then
    hosts=""
    while IFS= read -r host; do
      case "$host" in
        *[!A-Za-z0-9.:_*-]*) refuse "allowed-targets: '$host' is not a host; write names or addresses such as staging.example.com, 127.0.0.1 or *.example.com" ;;
      esac
      hosts="$hosts${hosts:+, }\"$host\""
    done < <(entries "$WANTED_ALLOWED_TARGETS")
    arguments+=(--set "safety.allow_hosts=[$hosts]")
  fi

  flag --update-baseline "$WANTED_UPDATE_BASELINE"

  while IFS= read -r reason; do
    case "$reason" in
      inconclusive) arguments+=(--set regression.policy.inconclusive=fail) ;;
      no-baseline) arguments+=(--set regression.policy.missing_baseline=fail) ;;
      other-environment) arguments+=(--set regression.policy.env_mismatch=fail) ;;
      *) refuse "fail-on: '$reason' is none of inconclusive, no-baseline and other-environment; broken thresholds, regressions and invalid runs always fail" ;;
    esac
  done < <(entries "$WANTED_FAIL_ON")
}

of_publish() {
  local verdicts=()
  while IFS= read -r line; do
    if [ -n "$line" ]; then verdicts+=("$line"); fi
  done <<<"$WANTED_PUBLISH"
  if [ "${#verdicts[@]}" -eq 1 ]; then
    arguments=(publish --verdict "${verdicts[0]}")
  else
    arguments=(publish --merge "${verdicts[@]}")
  fi
}

if [ -n "$WANTED_PUBLISH" ]; then of_publish; else of_gate; fi

flag --comment "$WANTED_COMMENT"
flag --comment-key "$WANTED_COMMENT_KEY"
flag --check-run "$WANTED_CHECK_RUN"
flag --report-url "$WANTED_REPORT_URL"
case "$WANTED_REQUIRE_COMMENT" in
  true) arguments+=(--require-comment) ;;
  false | "") ;;
  *) refuse "require-comment: '$WANTED_REQUIRE_COMMENT' is neither true nor false" ;;
esac

while IFS= read -r line; do
  if [ -n "$line" ]; then arguments+=("$line"); fi
done <<<"$WANTED_ARGS"

exec "$LOADGATE_BINARY" "${arguments[@]}"

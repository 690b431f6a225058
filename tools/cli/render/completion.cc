#include "tools/cli/render/completion.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace nonet::cli {
namespace {

// After these, a value that only the cluster (or the region table) knows.
constexpr char kLiveValues[] = R"(
  case "$previous" in
    --primary|--replica|--location|-l|--from) kind=region ;;
    --replica-name|-r) kind=replica ;;
    --name|-n) kind=resource ;;
    --output|-o) words="table json yaml name" ;;
    --mode) words="refuse hang" ;;
    --hub-name) kind=hub ;;
    --link-name) kind=link ;;
    --key-type) words="primary secondary salt" ;;
    --region-endpoint-enabled|--allow-anonymous) words="true false" ;;
    --sku) words="Premium_P1 Premium_P2 Standard_S1 Free_F1" ;;
    *) case "$command" in
         "replica add"|"replica create"|"fault region-down"|"fault region-up") kind=region ;;
         "fault kill"|"fault pause"|"fault resume"|logs) kind=process ;;
         "replica "*) kind=replica ;;
         "hub update"|"hub show"|"hub delete") kind=hub ;;
         "private-link approve"|"private-link reject"|"private-link delete") kind=link ;;
         "operation show"|"operation wait") kind=operation ;;
         deploy|restore|backup) kind=file ;;
         "resource "*|resolve) kind=resource ;;
       esac ;;
  esac
)";

}  // namespace

std::string BashCompletion(const SurfaceWords& surface) {
  std::string script =
      "_nonet() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  local command= word words= kind= options= dir= i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    word=${COMP_WORDS[i]}\n"
      "    [[ $word == --dir ]] && dir=${COMP_WORDS[i+1]}\n"
      "    case \"${command:+$command }$word\" in\n";
  std::vector<std::string> paths;
  for (const auto& [path, words] : surface) {
    if (!path.empty()) paths.push_back(absl::StrCat("\"", path, "\""));
  }
  absl::StrAppend(&script, "      ", absl::StrJoin(paths, "|"),
                  ") command=\"${command:+$command }$word\" ;;\n",
                  "    esac\n  done\n  case \"$command\" in\n");
  for (const auto& [path, words] : surface) {
    absl::StrAppend(&script, "    \"", path, "\") options=\"", absl::StrJoin(words, " "), "\" ;;\n");
  }
  absl::StrAppend(&script, "  esac", kLiveValues,
                  "  if [[ $kind == file && $current != -* ]]; then\n"
                  "    COMPREPLY=($(compgen -f -- \"$current\"))\n"
                  "    return\n"
                  "  fi\n"
                  "  if [[ -n $kind && $current != -* ]]; then\n"
                  "    words=$(nonet __words \"$kind\" ${dir:+--dir \"$dir\"} 2>/dev/null)\n"
                  "  fi\n"
                  "  [[ -z $words ]] && words=$options\n"
                  "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
                  "}\n"
                  "complete -F _nonet nonet\n");
  return script;
}

std::string ZshCompletion(const SurfaceWords& surface) {
  return absl::StrCat("autoload -Uz bashcompinit && bashcompinit\n", BashCompletion(surface));
}

}  // namespace nonet::cli

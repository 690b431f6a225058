// Turns the checked-in corpus, which is text, into the files that libFuzzer reads: a line has a name, and
// bytes in hex or, after "=", as they are.
//   usage: seeds corpus/dns.txt DIRECTORY
#include <cstdio>
#include <fstream>
#include <string>

int main(int argc, char** argv) {
  if (argc != 3) return std::fputs("usage: seeds TEXT DIRECTORY\n", stderr), 2;
  std::ifstream corpus(argv[1]);
  if (!corpus) return std::fprintf(stderr, "seeds: cannot read %s\n", argv[1]), 1;
  int line_number = 0;
  for (std::string line; std::getline(corpus, line);) {
    ++line_number;
    if (line.empty() || line[0] == '#') continue;
    const size_t space = line.find(' ');
    std::string bytes;
    const bool text = space != std::string::npos && line.substr(space + 1, 1) == "=";
    if (text) bytes = line.substr(space + 2);
    bool good = space != std::string::npos && (text || (line.size() - space) % 2 == 1);
    for (size_t at = space + 1; good && !text && at < line.size(); at += 2) {
      const std::string pair = line.substr(at, 2);
      good = pair.find_first_not_of("0123456789abcdef") == std::string::npos;
      if (good) bytes.push_back(static_cast<char>(std::stoi(pair, nullptr, 16)));
    }
    std::ofstream seed(std::string(argv[2]) + "/" + line.substr(0, space), std::ios::binary);
    if (good) seed << bytes;
    if (!good || !seed.flush()) return std::fprintf(stderr, "seeds: line %d is no seed\n", line_number), 1;
  }
  return 0;
}

// What is wrong with a kernel, in sentences. The first few are kept.
#pragma once

class Findings
{
public:
    void clear();
    void add(const char* format, ...) __attribute__((format(printf, 2, 3)));

    // All that is kept, a line each; "" if nothing was found.
    const char* text();

private:
    static constexpr int most = 8, line_bytes = 500;
    int count = 0;
    unsigned long used = 0;
    char lines[most * line_bytes + 100] = "";
};

extern Findings findings;

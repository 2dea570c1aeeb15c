#include "findings.h"
#include "block.h"
#include <cstdarg>
#include <cstdio>

Findings findings;

void Findings::clear()
{
    count = 0;
    used = 0;
    lines[0] = 0;
}

void Findings::add(const char* format, ...)
{
    if (count++ >= most) return;
    used += snprintf(lines + used, line_bytes / 2, "block (%u, %u, %u): ", blockIdx.x, blockIdx.y, blockIdx.z);
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(lines + used, line_bytes / 2, format, arguments);
    va_end(arguments);
    used += length < line_bytes / 2 ? length : line_bytes / 2 - 1;
    lines[used++] = '\n';
    lines[used] = 0;
}

const char* Findings::text()
{
    if (count > most) snprintf(lines + used, sizeof lines - used, "and %d more\n", count - most);
    return lines;
}

using System.CommandLine;
using Folio;
using Folio.Compare;

// Re-makes the table of Folio beside llama.cpp; docs/performance.md explains it.
try
{
    ParseResult parsed = CompareCommand.Create().Parse(args);
    if (parsed.Errors.Count > 0) throw new FolioException($"{parsed.Errors[^1].Message} (--help lists what there is)");
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (FolioException e)
{
    Console.Error.WriteLine($"compare: {e.Message}");
    return 1;
}

using System.CommandLine;
using Folio;
using Folio.Soak;

// A server under random requests, of which many are broken off: its memory and its blocks must come back to where they were. docs/soak explains it.
var url = new Option<string>("--base-url") { Description = "A running folio serve.", DefaultValueFactory = _ => "http://127.0.0.1:8000" };
var minutes = new Option<double>("--minutes") { Description = "How long.", DefaultValueFactory = _ => 30 };
var clients = new Option<int>("--clients") { Description = "Clients at once.", DefaultValueFactory = _ => 12 };
var seed = new Option<int>("--seed") { Description = "Of what the clients draw.", DefaultValueFactory = _ => 1 };
var folder = new Option<string>("--out") { Description = "Where soak.csv, memory.svg and blocks.svg go.", DefaultValueFactory = _ => "docs/soak" };
var command = new RootCommand("Asks a server at random for a while, and tells whether its memory and its blocks stay where they were.") { url, minutes, clients, seed, folder };
command.SetAction(async (parsed, cancellation) =>
{
    using var soak = new Soak(new(parsed.GetValue(url)!), parsed.GetValue(clients), parsed.GetValue(seed));
    await soak.RunAsync(TimeSpan.FromMinutes(parsed.GetValue(minutes)), cancellation);
    SoakReport.Write(soak, parsed.GetValue(folder)!);
    Console.WriteLine(SoakReport.Summary(soak));
    foreach (string fault in soak.Faults.Distinct().Take(20)) Console.Error.WriteLine(fault);
    return soak.Faults.IsEmpty ? 0 : 1;
});

try
{
    ParseResult parsed = command.Parse(args);
    if (parsed.Errors.Count > 0) throw new FolioException($"{parsed.Errors[^1].Message} (--help lists what there is)");
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (Exception e) when (e is FolioException or HttpRequestException)
{
    Console.Error.WriteLine($"soak: {e.Message}");
    return 1;
}

using System.CommandLine;
using Folio;
using Folio.Commands;

// Answered before anything else is loaded.
if (args is ["--version"])
{
    Console.WriteLine(FolioVersion.Text);
    return 0;
}

var root = new RootCommand("Serves open-weight language models: paged KV cache, continuous batching, an OpenAI-compatible API.");
(string Name, Func<Command> Create)[] commands =
[
    ("serve", ServeCommand.Create), ("generate", GenerateCommand.Create), ("chat", ChatCommand.Create), ("inspect", InspectCommand.Create), ("simulate", SimulateCommand.Create), ("bench", BenchCommand.Create),
    ("pull", PullCommand.Create), ("list", ListCommand.Create),
];

// The options of commands that weren't asked for needn't be made: a tenth of the time to a first token.
bool isKnown = args.Length > 0 && commands.Any(command => command.Name == args[0]);
foreach ((string name, Func<Command> create) in commands)
{
    if (!isKnown || name == args[0]) root.Add(create());
}

try
{
    // Signals are the commands' own affair: serve drains on SIGTERM, chat stops an answer on Ctrl+C.
    ParseResult parsed = root.Parse(args);
    string command = string.Join(' ', UnknownOption.CommandOf(parsed));
    if (UnknownOption.In(parsed) is { } unknown) throw new FolioException($"{unknown} is no option of {command} ({command} --help lists those that there are).");
    if (parsed.Errors.Count > 0 && args.Length > 0) throw new FolioException($"{parsed.Errors[^1].Message} ({command} --help lists what there is)");
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
}
catch (FolioException e)
{
    Console.Error.WriteLine($"folio: {e.Message}");
    return 1;
}

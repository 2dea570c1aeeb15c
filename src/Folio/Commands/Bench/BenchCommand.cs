using System.CommandLine;

namespace Folio.Commands;

/// <summary>folio bench: how fast, in vLLM's words and with its result files' keys.</summary>
internal static class BenchCommand
{
    public static Command Create() => new("bench", "Measures speed: of a batch, of many requests at once, of a server.")
    {
        BenchLatencyCommand.Create(),
        BenchThroughputCommand.Create(),
        BenchServeCommand.Create(),
    };
}

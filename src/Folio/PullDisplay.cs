using System.Runtime.InteropServices;
using Folio.Commands;
using Folio.Engine;
using Folio.Formats.Hub;
using Spectre.Console;

namespace Folio;

/// <summary>Fetches a model from the hub and shows on stderr how far it is: a bar in a terminal, else a line now and then. Ctrl+C stops it.</summary>
internal static class PullDisplay
{
    private static readonly TimeSpan s_refresh = TimeSpan.FromMilliseconds(100);

    /// <param name="include">Names of files, with * and ?; empty: the model that the id means.</param>
    /// <param name="quiet">Nothing but warnings is shown.</param>
    public static PulledModel Pull(HubModelId id, IReadOnlyList<string> include, bool quiet)
    {
        using var stop = new CancellationTokenSource();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop), terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        HubSettings settings = HubSettings.FromEnvironment(EngineArguments.Warn);
        bool isTerminal = !quiet && !Console.IsErrorRedirected;
        var latest = new Latest<PullProgress>();
        using var hub = new ModelHub(settings, quiet ? null : isTerminal ? latest : new Lines(id.ToString()));
        Task<PulledModel> pull = include.Count == 0 ? hub.PullAsync(id, stop.Token) : hub.PullFilesAsync(id, include, stop.Token);
        if (isTerminal) Show(id.ToString(), latest, pull);
        try
        {
            return pull.GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            throw new FolioException($"the pull of {id} was stopped; what has come is kept, and the next pull goes on from it.");
        }

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    /// <summary>Shows a bar from the first byte on.</summary>
    private static void Show(string name, Latest<PullProgress> latest, Task pull)
    {
        while (latest.Value is null)
        {
            if (Task.WaitAny([pull], s_refresh) >= 0) return;
        }

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        console.Progress().AutoClear(true).Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new DownloadedColumn(), new TransferSpeedColumn(), new RemainingTimeColumn()).Start(context =>
        {
            ProgressTask task = context.AddTask($"pulling {Markup.Escape(name)}");
            do
            {
                PullProgress progress = latest.Value!.Value;
                task.MaxValue = progress.TotalBytes;
                task.Value = progress.Bytes;
            }
            while (Task.WaitAny([pull], s_refresh) < 0);
        });
    }

    /// <summary>A line at the start and after each tenth.</summary>
    private sealed class Lines(string name) : IProgress<PullProgress>
    {
        private const int Parts = 10;

        private readonly Lock _lock = new();
        private int _told = -1;

        public void Report(PullProgress value)
        {
            int part = value.TotalBytes == 0 ? 0 : (int)(value.Bytes * Parts / value.TotalBytes);
            lock (_lock)
            {
                if (part <= _told) return;
                _told = part;
                Console.Error.WriteLine($"pulling {name}: {part * (100 / Parts)} % of {SizeText.Of(value.TotalBytes)}");
            }
        }
    }
}

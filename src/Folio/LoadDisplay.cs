using Folio.Models;
using Spectre.Console;

namespace Folio;

/// <summary>A progress bar on stderr while a model loads; nothing where stderr is no terminal.</summary>
internal static class LoadDisplay
{
    public static T Run<T>(bool quiet, string name, Func<IProgress<LoadProgress>?, T> load)
    {
        if (quiet || Console.IsErrorRedirected) return load(null);

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return console.Progress().AutoClear(true).Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn()).Start(context =>
        {
            ProgressTask task = context.AddTask($"loading {Markup.Escape(name)}");
            return load(new Bar(task));
        });
    }

    private sealed class Bar(ProgressTask task) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value)
        {
            task.MaxValue = value.TotalBytes;
            task.Value = value.Bytes;
        }
    }
}

using Folio.Models;
using Spectre.Console;

namespace Folio;

/// <summary>A progress bar on stderr while a model loads; nothing where stderr is no terminal, or the model is there at once.</summary>
internal static class LoadDisplay
{
    private static readonly TimeSpan s_atOnce = TimeSpan.FromMilliseconds(300), s_refresh = TimeSpan.FromMilliseconds(100);

    public static T Run<T>(bool quiet, string name, Func<IProgress<LoadProgress>?, T> load)
    {
        if (quiet || Console.IsErrorRedirected) return load(null);

        var progress = new Latest<LoadProgress>();
        Task<T> loading = Task.Run(() => load(progress));
        if (Task.WaitAny([loading], s_atOnce) < 0) Show(name, progress, loading);
        return loading.GetAwaiter().GetResult();
    }

    private static void Show(string name, Latest<LoadProgress> progress, Task loading)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        console.Progress().AutoClear(true).Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn()).Start(context =>
        {
            ProgressTask task = context.AddTask($"loading {Markup.Escape(name)}");
            do
            {
                if (progress.Value is not { } value) continue;
                task.MaxValue = value.TotalBytes;
                task.Value = value.Bytes;
            }
            while (Task.WaitAny([loading], s_refresh) < 0);
        });
    }
}

using System.Diagnostics;
using Folio;
using Folio.Paper;

// Makes the tables and pictures of docs/paper anew: all, or those named.
try
{
    string repository = Environment.CurrentDirectory;
    while (!File.Exists(Path.Combine(repository, "Folio.slnx"))) repository = Path.GetDirectoryName(repository) ?? throw new FolioException("run this inside the repository.");
    var page = new Page(repository);
    foreach (Figure figure in FigureList.Named(args))
    {
        var clock = Stopwatch.StartNew();
        figure.Make(page);
        Console.WriteLine($"{figure.Name}: {clock.Elapsed.TotalSeconds:0.0} s");
    }

    return 0;
}
catch (FolioException e)
{
    Console.Error.WriteLine($"paper: {e.Message}");
    return 1;
}

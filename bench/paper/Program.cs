using System.Diagnostics;
using Folio;
using Folio.Paper;
using Folio.Paper.Figures;

// Makes the tables and pictures of docs/paper anew: all, or those named.
(string Name, Action<Page> Make)[] figures =
[
    ("fig2", MemoryFigure.Make),
    ("fig12", LatencyFigure.Make),
    ("fig13", BatchFigure.Make),
    ("fig14", SharingFigure.Rates),
    ("fig15", SharingFigure.Savings),
    ("fig16", PrefixFigure.Make),
    ("fig17", ChatFigure.Make),
    ("fig18", BlockSizeFigure.Make),
    ("fig19", PreemptionFigure.Make),
    ("real", RealEngineTable.Make),
];

string repository = Environment.CurrentDirectory;
while (!File.Exists(Path.Combine(repository, "Folio.slnx"))) repository = Path.GetDirectoryName(repository) ?? throw new FolioException("run this inside the repository.");
var page = new Page(repository);
foreach ((string name, Action<Page> make) in figures)
{
    if (args.Length > 0 && !args.Contains(name)) continue;
    var clock = Stopwatch.StartNew();
    make(page);
    Console.WriteLine($"{name}: {clock.Elapsed.TotalSeconds:0.0} s");
}

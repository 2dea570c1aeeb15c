using Folio.Simulation;

// Mean batches and memory under a load that no system sustains (the paper's Fig. 2 and 13).
foreach (ServingSystem system in ServingSystem.All)
{
    SimulationResult result = new Simulator(SimulatedEngine.Of(system, Deployment.Opt13B)).Run(PaperWorkloads.ShareGpt(rate: 2.3, seconds: 3600, seed: 1));
    Console.WriteLine($"{system.Name}: {result.MeanRequests:0.00} requests run, {result.Memory.Tokens:0.0 %} of the slots hold tokens, {result.Served.Count / result.Seconds:0.00} requests/s");
}
